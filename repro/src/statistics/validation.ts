import { normal975, studentQuantile } from './student-t.ts'
import type { Summary } from './summary.ts'

/** What shares were measured on. */
export interface Validation {
  readonly samples: number
  /** All runs were scored on the same samples; otherwise each drew its own. */
  readonly shared: boolean
}

/**
 * Variance of a share measured on this many samples: `p (1 − p) / N` with one success and one failure added to the
 * samples, so that a share of 0 or 1 does not pass for exact.
 * @paper A. Agresti, B. Caffo, The American Statistician 54 (2000) 280–288
 */
export function samplingVariance(share: number, samples: number): number {
  const smoothed = (share * samples + 1) / (samples + 2)
  return (smoothed * (1 - smoothed)) / (samples + 2)
}

/**
 * Squared standard error of the mean of `n` runs whose values have the variance `spread`.
 *
 * One run varies at least as much as its validation set lets it: by `floor`. What the spread does not show of that is
 * common to all runs where they share the samples (their values are high or low together), and more runs do not lessen
 * it; it is their own where each drew its samples. Without a floor it is the usual `spread / n`.
 * @see docs/decisions/0016-intervals.md
 */
export function meanError(spread: number, n: number, floor: number, shared: boolean): number {
  if (spread >= floor) return spread / n
  return shared ? spread / n + floor - spread : floor / n
}

/** Variance that a value of this size has from its validation set alone; 0 where it is no share. */
export function floorOf(share: number, validation: Validation | null): number {
  return validation === null ? 0 : samplingVariance(share, validation.samples)
}

/**
 * Half the 95 % interval of a mean: Student's t after Satterthwaite. Null for a single value, which has no spread, and
 * where neither a spread nor a validation set says anything of the error.
 */
export function meanHalfWidth({ mean, sd, n }: Summary, validation: Validation | null): number | null {
  if (sd === null) return null
  const floor = floorOf(mean, validation)
  const variance = meanError(sd ** 2, n, floor, validation?.shared ?? true)
  if (variance === 0) return null
  const df = freedom(variance, [{ error: sd ** 2 / n, n }])
  return quantile975(df) * Math.sqrt(variance)
}

/** As good as a normal distribution; infinity cannot be written as JSON. */
const mostFreedom = 1e6

/**
 * Degrees of freedom after Satterthwaite of a variance of which parts rest on spreads of few runs. What it has beyond
 * them, from a validation set, is taken for known.
 */
export function freedom(variance: number, parts: readonly { readonly error: number; readonly n: number }[]): number {
  const uncertainty = parts.reduce((sum, { error, n }) => sum + error ** 2 / (n - 1), 0)
  return uncertainty === 0 ? mostFreedom : Math.min(mostFreedom, variance ** 2 / uncertainty)
}

export const quantile975 = (df: number): number => (df >= mostFreedom ? normal975 : studentQuantile(0.975, df))
