import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holm } from './index.ts'

/** statsmodels 0.15.0: `multipletests(p, method='holm')[1]`. */
const golden = [
  { p: [0.01, 0.04, 0.03, 0.005], corrected: [0.03, 0.06, 0.06, 0.02] },
  { p: [0.0625, 0.0625, 0.5, 0.001, 0.2, 0.0625], corrected: [0.3125, 0.3125, 0.5, 0.006, 0.4, 0.3125] },
  { p: [0.9, 0.4, 0.6], corrected: [1, 1, 1] },
  { p: [], corrected: [] },
]

test.each(golden)('p values $p are corrected as in statsmodels', ({ p, corrected }) => {
  const found = holm(p)
  expect(found).toHaveLength(corrected.length)
  for (const [index, value] of corrected.entries()) expect(found[index]).toBeCloseTo(value, 12)
})

test('a correction keeps the order, is no smaller than p, and at most Bonferroni’s', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(shares, (values) => {
      const found = holm(values)
      for (const [i, p] of values.entries()) {
        expect(found[i]).toBeGreaterThanOrEqual(p)
        expect(found[i]).toBeLessThanOrEqual(Math.min(1, values.length * p))
        for (const [j, other] of values.entries()) if (p < other) expect(found[i]).toBeLessThanOrEqual(found[j]!)
      }
    }),
  )
})
