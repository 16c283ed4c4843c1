import { regularizedBeta } from './beta.ts'

/** Quantile of the standard normal distribution at 0.975: half a 95 % interval in standard deviations. */
export const normal975 = 1.959963984540054

/**
 * Distribution function of Student's t: P(T ≤ t) with `df` > 0 degrees of freedom, whole or not.
 * For t ≥ 0 it is 1 − ½ I_x(df/2, ½) with x = df/(df + t²).
 */
export function studentCdf(t: number, df: number): number {
  const tail = upperTail(Math.abs(t), df)
  return t < 0 ? tail : 1 - tail
}

/**
 * Quantile of Student's t: the value below which the share `p` (0 < p < 1) of the distribution lies.
 * Ten digits for df from 1 to a million and p at least 0.01 away from ½.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1 && df > 0)) return Number.NaN
  if (p === 0.5) return 0
  // The tail is worked with throughout: 1 − p would lose the digits of a small p.
  return p < 0.5 ? -tailQuantile(p, df) : tailQuantile(1 - p, df)
}

/** The t ≥ 0 above which the share `tail` < ½ lies, by halving: the tail falls strictly in t. */
function tailQuantile(tail: number, df: number): number {
  let [low, high] = [0, 1]
  while (upperTail(high, df) > tail && high < 1e300) [low, high] = [high, high * 2]
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (upperTail(middle, df) > tail) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(T > t) for t ≥ 0. */
function upperTail(t: number, df: number): number {
  return 0.5 * regularizedBeta(df / (df + t * t), df / 2, 0.5)
}
