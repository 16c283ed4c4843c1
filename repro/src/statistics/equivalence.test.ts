import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differenceInterval, equivalence, summarize } from './index.ts'

/**
 * scipy 1.17: the larger of `stats.ttest_ind(a + margin, b, equal_var=False, alternative='greater').pvalue` and
 * `stats.ttest_ind(a − margin, b, equal_var=False, alternative='less').pvalue`
 */
const golden = [
  { a: [0.708, 0.74, 0.738, 0.756, 0.734], b: [0.702, 0.706, 0.716], margin: 0.01, p: 0.949359369968676 },
  {
    a: [0.71, 0.712, 0.708, 0.715, 0.709, 0.711],
    b: [0.7075, 0.713, 0.71, 0.709, 0.716],
    margin: 0.01,
    p: 0.0004954117644570651,
  },
  { a: [0.5, 0.52, 0.51], b: [0.49, 0.53, 0.5, 0.51], margin: 0.05, p: 0.003126432098525801 },
  { a: [0.7, 0.71, 0.72], b: [0.72, 0.73, 0.71, 0.74], margin: 0.02, p: 0.2944607746429168 },
]

test.each(golden)('$a and $b within $margin: p as in scipy', ({ a, b, margin, p }) => {
  expect(equivalence(summarize(a), summarize(b), margin)!.p / p).toBeCloseTo(1, 8)
  expect(equivalence(summarize(b), summarize(a), margin)!.p / p).toBeCloseTo(1, 8)
})

test('p falls with the margin, and only an interval inside the margin passes', () => {
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 })
  const margins = fc.double({ min: 1e-3, max: 1, noNaN: true })
  fc.assert(
    fc.property(values, values, margins, (left, right, margin) => {
      const [a, b] = [summarize(left), summarize(right)]
      const found = equivalence(a, b, margin)
      if (found === null) return
      const { p } = found
      expect(equivalence(a, b, 2 * margin)!.p).toBeLessThanOrEqual(p)
      // The 95 % interval holds the 90 % one that the tests stand for.
      const { low, high } = differenceInterval(a, b).interval!
      if (low > -margin && high < margin) expect(p).toBeLessThan(0.05)
      if (low > margin || high < -margin) expect(p).toBeGreaterThan(0.95)
    }),
  )
})

test('one value has no spread to test with; a margin is above 0', () => {
  expect(equivalence(summarize([0.5]), summarize([0.5, 0.6]), 0.1)).toBeNull()
  expect(equivalence(summarize([0.5, 0.5]), summarize([0.5, 0.5]), 0.1)).toBeNull()
  expect(() => equivalence(summarize([0.5, 0.4]), summarize([0.5, 0.6]), 0)).toThrow(RangeError)
})
