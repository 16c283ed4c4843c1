import { studentQuantile } from './student-t.ts'
import { type Summary, standardError } from './summary.ts'
import { floorOf, freedom, meanError, quantile975, type Validation } from './validation.ts'

/** A 95 % interval. */
export interface Interval {
  readonly low: number
  readonly high: number
  /** Degrees of freedom of the Student t behind it. */
  readonly df: number
}

export interface DifferenceInterval {
  readonly interval: Interval | null
  /** What was assumed, or why there is no interval; null when nothing needs saying. */
  readonly note: string | null
}

/** Half the 95 % interval of a mean: t₀.₉₇₅(n − 1) · s / √n, in units of the values. Needs n ≥ 2. */
export function halfWidth(sd: number, n: number): number {
  return studentQuantile(0.975, n - 1) * standardError(sd, n)
}

/**
 * Fewest values (more than `above`, at least 2) whose mean has a 95 % half-width within `tolerance`; null when a million
 * values would not do.
 * @param half the half-width of the mean of so many
 */
export function seedsFor(half: (n: number) => number, tolerance: number, above = 1): number | null {
  let high = Math.max(2, above + 1)
  while (half(high) > tolerance) {
    if (high > 1_000_000) return null
    high *= 2
  }
  let low = above
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (half(middle) > tolerance) low = middle
    else high = middle
  }
  return high
}

/**
 * 95 % interval of the difference `measured − reported` of two means, after Welch: standard error √(e₁² + e₂²), degrees
 * of freedom after Welch and Satterthwaite. The error e of a mean is s / √n, and for shares at least what their
 * validation set leaves open (`meanError`); the source is taken to have validated with as many samples as we.
 *
 * A side without a standard deviation has none to offer: a source that gives one lacks nothing; for one that gives
 * none, the measured one stands in for both, and the note says so. A single measured value yields no interval.
 * @param validation null for values that are no shares of samples
 */
export function differenceInterval(
  measured: Summary,
  reported: Summary,
  validation: Validation | null = null,
): DifferenceInterval {
  if (measured.sd === null) {
    return { interval: null, note: 'One seed has no spread, so the difference has no interval.' }
  }
  const shared = validation?.shared ?? true
  const ours = { spread: measured.sd ** 2, n: measured.n }
  const own = meanError(ours.spread, ours.n, floorOf(measured.mean, validation), shared)
  const floor = floorOf(reported.mean, validation)
  const borrows = reported.sd === null || reported.n < 2
  const theirs = borrows ? ours : { spread: reported.sd! ** 2, n: reported.n }
  const other = meanError(theirs.spread, reported.n, floor, shared)
  const variance = own + other
  if (variance === 0) {
    return { interval: null, note: 'All runs gave the same value, so the difference has no interval.' }
  }
  // One spread that stands for both sides is uncertain once, not twice.
  const df = borrows
    ? freedom(variance, [{ error: ours.spread / ours.n + ours.spread / reported.n, n: ours.n }])
    : freedom(
        variance,
        [ours, theirs].map(({ spread, n }) => ({ error: spread / n, n })),
      )
  const note = `The source gives no spread (n = ${reported.n}); the interval assumes that its runs vary as ours do.`
  return { interval: around(measured.mean - reported.mean, variance, df), note: borrows ? note : null }
}

function around(centre: number, variance: number, df: number): Interval {
  const half = quantile975(df) * Math.sqrt(variance)
  return { low: centre - half, high: centre + half, df }
}

/** 95 % interval of a difference with its standard error. */
export function intervalOf({ difference, error, df }: TestedDifference): Interval {
  return around(difference, error ** 2, df)
}

/** A difference that a t test can be made of. */
export interface TestedDifference {
  readonly difference: number
  /** Standard error of the difference. */
  readonly error: number
  readonly df: number
}

/**
 * Difference of two means, its standard error √(s₁²/n₁ + s₂²/n₂) and the degrees of freedom after Welch and Satterthwaite;
 * null where a side has no spread.
 */
export function welchOf(first: Summary, second: Summary): TestedDifference | null {
  if (first.sd === null || second.sd === null || first.n < 2 || second.n < 2) return null
  const [a, b] = [first.sd ** 2 / first.n, second.sd ** 2 / second.n]
  const freedom = (a + b) ** 2 / (a ** 2 / (first.n - 1) + b ** 2 / (second.n - 1))
  const df = Number.isNaN(freedom) ? first.n + second.n - 2 : freedom
  return { difference: first.mean - second.mean, error: Math.sqrt(a + b), df }
}
