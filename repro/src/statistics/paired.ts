import { standardError, summarize } from './summary.ts'
import { type Interval, intervalOf, type TestedDifference } from './welch.ts'

/** Most pairs that the exact sign-flip test enumerates: halves of 2^20 sums each. */
export const mostPairs = 40

/** Differences of pairs that share everything but one thing, such as runs from one seed. */
export interface PairedDifference {
  /** One a pair. */
  readonly values: readonly number[]
  readonly mean: number
  /** Sample standard deviation of the differences; null for one pair. */
  readonly sd: number | null
  readonly n: number
  /** 95 % interval of the mean difference, Student's t with n − 1 degrees of freedom; null for one pair. */
  readonly interval: Interval | null
  /** Two-sided p of the exact sign-flip test. */
  readonly signFlipP: number
}

/**
 * Mean difference of pairs: `d̄ ± t₀.₉₇₅(n − 1) · s_d / √n`, and the exact sign-flip test beside it.
 * @throws RangeError without a pair, or for more pairs than `mostPairs`
 */
export function pairedDifference(values: readonly number[]): PairedDifference {
  const { mean, sd, n } = summarize(values)
  const tested = pairedOf(values)
  return {
    values,
    mean,
    sd,
    n,
    interval: tested && intervalOf(tested),
    signFlipP: signFlipP(values),
  }
}

/** Mean difference of pairs as a t test takes it: standard error s_d / √n; null for one pair. */
export function pairedOf(values: readonly number[]): TestedDifference | null {
  const { mean, sd, n } = summarize(values)
  return sd === null ? null : { difference: mean, error: standardError(sd, n), df: n - 1 }
}

/**
 * Two-sided p of the exact sign-flip test: the share of all 2^n ways to give the differences signs whose sum is at least
 * as far from 0 as the observed one. It assumes only that without an effect either order of a pair is as likely.
 *
 * The sums of all subsets of one half of the values meet those of the other half, so that n pairs cost 2^(n/2) sums.
 * @paper R. A. Fisher, The Design of Experiments (1935), chapter 21
 * @throws RangeError without a value, or for more than `mostPairs`
 */
export function signFlipP(values: readonly number[]): number {
  if (values.length === 0 || values.length > mostPairs) {
    throw new RangeError(`the sign-flip test takes 1 to ${mostPairs} pairs, not ${values.length}`)
  }
  const half = Math.floor(values.length / 2)
  const left = signedSums(values.slice(0, half))
  const right = signedSums(values.slice(half))
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0)
  // Ties count as just as far: sums that differ by rounding alone must not fall behind the observed one.
  const distance = Math.abs(values.reduce((sum, value) => sum + value, 0)) - 1e-12 * size
  if (distance <= 0) return 1
  // Flipping all signs mirrors the sums, so both tails are equally heavy.
  return (2 * countPairs(left, right, distance)) / 2 ** values.length
}

/** Σ ±value over every choice of signs, in ascending order. */
function signedSums(values: readonly number[]): Float64Array {
  let sums = Float64Array.of(0)
  for (const value of values) {
    const next = new Float64Array(2 * sums.length)
    sums.forEach((sum, index) => {
      next[2 * index] = sum - value
      next[2 * index + 1] = sum + value
    })
    sums = next
  }
  return sums.sort()
}

/** Pairs of one sum of each ascending list that reach `least` together. */
function countPairs(left: Float64Array, right: Float64Array, least: number): number {
  let [count, from] = [0, right.length]
  for (const sum of left) {
    while (from > 0 && sum + right[from - 1]! >= least) from--
    count += right.length - from
  }
  return count
}
