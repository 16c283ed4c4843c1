/** What a measurement in turns says: medians and ranges, never means, which one disturbed step would move. */

/** A median with the smallest and the largest of the values that it stands for. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
}

/** Median and range of values. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}
