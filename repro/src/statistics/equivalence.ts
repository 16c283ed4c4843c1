import { studentCdf } from './student-t.ts'
import type { Summary } from './summary.ts'
import { type TestedDifference, welchOf } from './welch.ts'

/** The outcome of two one-sided tests. */
export interface Equivalence {
  /** Largest difference that counts as none, in units of the values. */
  readonly margin: number
  /** The larger p of the two tests: below 0.05, the means differ by less than the margin. */
  readonly p: number
}

/**
 * Two one-sided Welch tests of two independent samples: see `equivalenceOf`. Null where a side is a single value, or all
 * values of both are equal.
 */
export function equivalence(a: Summary, b: Summary, margin: number): Equivalence | null {
  return equivalenceOf(welchOf(a, b), margin)
}

/**
 * Two one-sided t tests of `|d| < margin`, d a difference with standard error s: t₁ = (d + margin) / s against "the
 * difference is at most −margin", t₂ = (d − margin) / s against "at least +margin". At p < 0.05 the 90 % interval of the
 * difference lies within the margin. Null without a standard error: nothing then says how far to trust the difference.
 *
 * The samples count as given, so the answer is about them: both sides should be measured on the same ones.
 * @paper D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987), 657–680
 * @throws RangeError for a margin that is not above 0
 */
export function equivalenceOf(tested: TestedDifference | null, margin: number): Equivalence | null {
  if (!(margin > 0)) throw new RangeError(`a margin of equivalence is above 0, not ${margin}`)
  if (tested === null || tested.error === 0) return null
  const { difference, error, df } = tested
  return { margin, p: studentCdf((Math.abs(difference) - margin) / error, df) }
}
