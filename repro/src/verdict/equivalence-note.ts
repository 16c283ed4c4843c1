import type { MetricFormat } from '@tricklab/core/contracts'
import { formatP, formatSize } from '../format.ts'
import { type Equivalence, equivalence, type Summary } from '../statistics/index.ts'

/** Whether documented and measured mean are equivalent within the tolerance. */
export interface EquivalenceNote {
  /** Null where a side has no spread to test with. */
  readonly test: Equivalence | null
  /** The answer, in plain words. */
  readonly sentence: string
}

/**
 * The test of equivalence of a row whose source documents several runs; undefined where there is nothing to test: one
 * documented run, no tolerance above 0, no finished seed.
 */
export function equivalenceNote(
  reported: Summary | null,
  measured: Summary | null,
  tolerance: number | null,
  format: MetricFormat,
): EquivalenceNote | undefined {
  if (reported === null || reported.sd === null || measured === null || tolerance === null || tolerance <= 0) {
    return undefined
  }
  const within = `within the tolerance of ${formatSize(format, tolerance)}`
  const test = equivalence(measured, reported, tolerance)
  if (test === null) {
    const why = measured.n < 2 ? 'one seed has no spread' : 'no value differs from another'
    return { test, sentence: `Equivalence ${within} cannot be tested, for ${why}.` }
  }
  const found =
    test.p < 0.05
      ? `The two means are equivalent ${within}`
      : `It is not shown that the two means are equivalent ${within}`
  const limit = test.p < 0.05 ? '' : '; below 0.05 would show it'
  const tests = `(p ${/^</.test(formatP(test.p)) ? '' : '= '}${formatP(test.p)}, two one-sided Welch tests${limit})`
  return { test, sentence: `${found} ${tests}. This is about these validation images, not about all photos.` }
}
