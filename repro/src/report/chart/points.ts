import { isPlaceable } from './scale.ts'

/** A point of a line; a null y is a gap, and so is what is not finite. */
export interface Point {
  readonly x: number
  readonly y: number | null
}

type Known = Point & { readonly y: number }

const known = (point: Point): point is Known => point.y !== null && isPlaceable(point.y) && isPlaceable(point.x)

/** The stretches of a line between its gaps. */
export function stretches(points: readonly Point[]): Known[][] {
  const result: Known[][] = []
  let open = false
  for (const point of points) {
    if (!known(point)) open = false
    else if (open) result.at(-1)!.push(point)
    else {
      result.push([point])
      open = true
    }
  }
  return result
}

/**
 * At most about `limit` points that look the same: of each equally long part, the lowest and the highest point, in
 * their order; first and last points stay. Peaks survive, which every-nth sampling would lose.
 */
export function decimate<P extends Known>(points: readonly P[], limit: number): readonly P[] {
  if (points.length <= limit || limit < 4) return points
  const parts = Math.floor((limit - 2) / 2)
  const inner = points.length - 2
  const kept: P[] = [points[0]!]
  for (let part = 0; part < parts; part++) {
    const from = 1 + Math.floor((part * inner) / parts)
    const to = 1 + Math.floor(((part + 1) * inner) / parts)
    let [low, high] = [from, from]
    for (let i = from + 1; i < to; i++) {
      if (points[i]!.y < points[low]!.y) low = i
      if (points[i]!.y > points[high]!.y) high = i
    }
    kept.push(points[Math.min(low, high)]!)
    if (low !== high) kept.push(points[Math.max(low, high)]!)
  }
  kept.push(points.at(-1)!)
  return kept
}

/**
 * Mean over `window` neighbours centred on each value, so that the curve does not lag; near the ends over as many as
 * there are on both sides. Whole steps only: no value is made up, and one that is not finite stays one gap.
 */
export function smooth(values: readonly number[], window: number): number[] {
  const sums = new Float64Array(values.length + 1)
  const counts = new Uint32Array(values.length + 1)
  values.forEach((value, index) => {
    const counted = isPlaceable(value)
    sums[index + 1] = sums[index]! + (counted ? value : 0)
    counts[index + 1] = counts[index]! + (counted ? 1 : 0)
  })
  return values.map((value, index) => {
    if (!isPlaceable(value)) return value
    const reach = Math.min(Math.floor(window / 2), index, values.length - 1 - index)
    const [from, to] = [index - reach, index + reach + 1]
    return (sums[to]! - sums[from]!) / (counts[to]! - counts[from]!)
  })
}

/** The share `q` of the values lies below this one of them. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
}
