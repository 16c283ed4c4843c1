/** A place in an image, in pixels of the image as the network sees it. */
export interface Position {
  readonly x: number
  readonly y: number
}

/** A map over the cells of an image: one weight a cell. */
export interface CellMap {
  readonly title: string
  /** Places whose rows are averaged; none: all. */
  readonly positions: readonly Position[]
  readonly values: Float32Array
}

/** Cell of a map that a pixel lies in. */
export function cellOf(
  { x, y }: Position,
  image: { readonly width: number; readonly height: number },
  cells: { readonly width: number; readonly height: number },
): number {
  const column = Math.floor((x * cells.width) / image.width)
  const row = Math.floor((y * cells.height) / image.height)
  return row * cells.width + column
}

/** Mean of rows of a square matrix. */
export function meanOfRows(matrix: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const mean = new Float32Array(size)
  for (const row of rows) {
    for (let column = 0; column < size; column++) mean[column]! += matrix[row * size + column]! / rows.length
  }
  return mean
}

/** The mean over all positions, over the chosen ones, and each of these alone. */
export function readMaps(
  matrix: Float32Array,
  image: { readonly width: number; readonly height: number },
  cells: { readonly width: number; readonly height: number },
  positions: readonly Position[],
): CellMap[] {
  const size = cells.width * cells.height
  const rows = positions.map((position) => cellOf(position, image, cells))
  const all = Array.from({ length: size }, (_, row) => row)
  return [
    { title: 'mean over all positions', positions: [], values: meanOfRows(matrix, size, all) },
    ...(rows.length > 1
      ? [{ title: 'mean over the marked positions', positions, values: meanOfRows(matrix, size, rows) }]
      : []),
    ...positions.map((position, index) => ({
      title: `position ${position.x}, ${position.y}`,
      positions: [position],
      values: meanOfRows(matrix, size, [rows[index]!]),
    })),
  ]
}

/** Weights as RGBA: orange above 0, blue below, the more opaque the further from it; most from `reach` on. */
export function colourMap(
  values: Float32Array,
  reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1,
): Uint8Array {
  const pixels = new Uint8Array(values.length * 4)
  values.forEach((value, index) => {
    const [red, green, blue] = value >= 0 ? [255, 120, 20] : [30, 110, 255]
    pixels.set([red, green, blue, Math.round(235 * Math.min(1, Math.abs(value) / reach))], index * 4)
  })
  return pixels
}
