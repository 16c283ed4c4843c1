import { studentQuantile } from './student-t.ts'
import { type Summary, standardError } from './summary.ts'

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
 * Fewest values (at least 2) whose mean has a 95 % half-width within `tolerance` if their standard deviation is `sd`;
 * null when a million values would not do.
 */
export function seedsFor(sd: number, tolerance: number): number | null {
  let high = 2
  while (halfWidth(sd, high) > tolerance) {
    if (high > 1_000_000) return null
    high *= 2
  }
  let low = 1
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (halfWidth(sd, middle) > tolerance) low = middle
    else high = middle
  }
  return high
}

/**
 * 95 % interval of the difference `measured − reported` of two means, after Welch: standard error
 * √(s₁²/n₁ + s₂²/n₂), degrees of freedom after Welch and Satterthwaite.
 *
 * A side without a standard deviation has none to offer: a source that gives one lacks nothing; for one that gives
 * none, the measured one stands in for both, and the note says so. A single measured value yields no interval.
 */
export function differenceInterval(measured: Summary, reported: Summary): DifferenceInterval {
  const difference = measured.mean - reported.mean
  if (measured.sd === null)
    return { interval: null, note: 'One seed has no spread, so the difference has no interval.' }
  if (reported.sd === null || reported.n < 2) {
    const error = measured.sd * Math.sqrt(1 / measured.n + 1 / reported.n)
    return {
      interval: around(difference, error, measured.n - 1),
      note: `The source gives no spread (n = ${reported.n}); the interval assumes that its runs vary as ours do.`,
    }
  }
  const { error, df } = welchOf(measured, reported)!
  return { interval: around(difference, error, df), note: null }
}

/**
 * Difference of two means, its standard error √(s₁²/n₁ + s₂²/n₂) and the degrees of freedom after Welch and Satterthwaite;
 * null where a side has no spread.
 */
export function welchOf(first: Summary, second: Summary): { difference: number; error: number; df: number } | null {
  if (first.sd === null || second.sd === null || first.n < 2 || second.n < 2) return null
  const [a, b] = [first.sd ** 2 / first.n, second.sd ** 2 / second.n]
  const freedom = (a + b) ** 2 / (a ** 2 / (first.n - 1) + b ** 2 / (second.n - 1))
  const df = Number.isNaN(freedom) ? first.n + second.n - 2 : freedom
  return { difference: first.mean - second.mean, error: Math.sqrt(a + b), df }
}

function around(centre: number, error: number, df: number): Interval {
  const half = error === 0 ? 0 : studentQuantile(0.975, df) * error
  return { low: centre - half, high: centre + half, df }
}
