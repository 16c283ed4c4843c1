/** A projective map of the plane, row by row; points are columns (x, y, 1). */
export type Homography = readonly [number, number, number, number, number, number, number, number, number]

export const identity: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1]

/** First `b`, then `a`. */
export function compose(a: Homography, b: Homography): Homography {
  const entry = (row: number, column: number) =>
    a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!
  return [
    entry(0, 0),
    entry(0, 1),
    entry(0, 2),
    entry(1, 0),
    entry(1, 1),
    entry(1, 2),
    entry(2, 0),
    entry(2, 1),
    entry(2, 2),
  ]
}

/** Turns by `degrees`. */
export function rotation(degrees: number): Homography {
  const angle = (degrees * Math.PI) / 180
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return [c, s, 0, -s, c, 0, 0, 0, 1]
}

/** An affine map of a square as one of a frame whose sides differ: circles stay circles. `aspect` is height / width. */
export function fitAspect(map: Homography, aspect: number): Homography {
  const [a, b, x, c, d, y] = map
  return [a, b * aspect, x, c / aspect, d, y, 0, 0, 1]
}

/** Scales by (`scaleX`, `scaleY`) and moves by (`x`, `y`). */
export const scaling = (scaleX: number, scaleY: number, x: number, y: number): Homography => [
  scaleX,
  0,
  x,
  0,
  scaleY,
  y,
  0,
  0,
  1,
]

/**
 * The perspective of a warp as seen from the output: the points (−1 − y, −1 − x), (−1 + y, 1 + x), (1 + y, −1 + x) and
 * (1 − y, 1 − x) look at the corners (−1, −1), (−1, 1), (1, −1) and (1, 1) of the input.
 */
export function warp(x: number, y: number): Homography {
  const from = [
    [-1 - y, -1 - x],
    [-1 + y, 1 + x],
    [1 + y, -1 + x],
    [1 - y, 1 - x],
  ] as const
  const to = [
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ] as const
  const rows = from.flatMap(([u, v], i) => {
    const [p, q] = to[i]!
    return [
      [u, v, 1, 0, 0, 0, -p * u, -p * v, p],
      [0, 0, 0, u, v, 1, -q * u, -q * v, q],
    ]
  })
  return [...solve(rows), 1] as unknown as Homography
}

/** Gauss-Jordan elimination with pivoting; a row is the coefficients and the right side. */
function solve(rows: number[][]): number[] {
  const size = rows.length
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    }
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const lead = rows[column]!
    for (let row = 0; row < size; row++) {
      if (row === column) continue
      const factor = rows[row]![column]! / lead[column]!
      for (let k = column; k <= size; k++) rows[row]![k]! -= factor * lead[k]!
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!)
}
