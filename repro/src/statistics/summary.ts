/** Mean, spread and count of a list of values. `sd` is null for a single value: it has no spread to measure. */
export interface Summary {
  readonly mean: number
  /** Sample standard deviation, divisor n − 1. */
  readonly sd: number | null
  readonly n: number
}

/** Arithmetic mean; NaN for an empty list. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : orderedSum(values) / values.length
}

/** Sample standard deviation √(Σ(x − x̄)² / (n − 1)); null for fewer than two values. */
export function sampleSd(values: readonly number[]): number | null {
  if (values.length < 2) return null
  // Equal values have no spread; their mean may differ from them in the last bit and would make one up.
  if (values.every((value) => value === values[0])) return 0
  const centre = mean(values)
  return Math.sqrt(orderedSum(values.map((value) => (value - centre) ** 2)) / (values.length - 1))
}

/** Standard error of a mean, s / √n. */
export function standardError(sd: number, n: number): number {
  return sd / Math.sqrt(n)
}

/** Mean, sample standard deviation and count. */
export function summarize(values: readonly number[]): Summary {
  return { mean: mean(values), sd: sampleSd(values), n: values.length }
}

/** Sum in ascending order, so that the order of the values cannot change the last bit of a verdict. */
function orderedSum(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b).reduce((sum, value) => sum + value, 0)
}
