import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mostPairs, pairedDifference, signFlipP } from './index.ts'

/**
 * scipy 1.17.1, for values x:
 * `stats.permutation_test((x,), np.sum, permutation_type='samples', n_resamples=np.inf).pvalue`
 * `stats.ttest_1samp(x, 0).confidence_interval(.95)`
 */
const golden = [
  { values: [0.02, 0.01, -0.005, 0.03, 0.012], p: 0.125, low: -0.002684222315308033, high: 0.02948422231530803 },
  { values: [0.01, -0.01, 0.02, -0.02], p: 1, low: -0.02905162715754765, high: 0.02905162715754765 },
  // Many ties, which binary fractions do not hit exactly.
  {
    values: [0.3, 0.1, 0.2, 0.1, 0.2, -0.1, -0.2, 0.1],
    p: 0.2421875,
    low: -0.04978137046630031,
    high: 0.2247813704663003,
  },
  {
    values: [0.012, 0.008, -0.003, 0.021, 0.017, 0.004, -0.011, 0.009, 0.015, 0.002, 0.006],
    p: 0.03125,
    low: 0.0010855809326209952,
    high: 0.013459873612833554,
  },
  {
    values: [-0.02, -0.01, -0.03, -0.015, -0.022, -0.018],
    p: 0.03125,
    low: -0.02626621059055311,
    high: -0.012067122742780228,
  },
]

/** All 2^n assignments of signs, one by one. */
function countAll(values: readonly number[]): number {
  const observed = Math.abs(values.reduce((a, b) => a + b, 0))
  let count = 0
  for (let signs = 0; signs < 2 ** values.length; signs++) {
    const sum = values.reduce((total, value, index) => total + ((signs >> index) & 1 ? -value : value), 0)
    if (Math.abs(sum) >= observed) count++
  }
  return count / 2 ** values.length
}

describe('the exact sign-flip test', () => {
  test.each(golden)('of $values.length pairs is as in scipy', ({ values, p }) => {
    expect(signFlipP(values)).toBe(p)
  })

  test('is the share of sign assignments that reach as far, counted one by one', () => {
    // Whole numbers add up exactly, so that ties are ties in both counts.
    const lists = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(lists, (values) => {
        expect(signFlipP(values)).toBe(countAll(values))
      }),
    )
  })

  test('does not depend on order, unit or direction', () => {
    const lists = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(lists, fc.constantFrom(1e-6, 0.01, 3), (values, unit) => {
        const p = signFlipP(values)
        expect(signFlipP([...values].reverse())).toBe(p)
        expect(signFlipP(values.map((value) => -value * unit))).toBe(p)
      }),
    )
  })

  test('equal differences give the smallest p there is, 2 / 2^n, for any number of pairs', () => {
    for (const n of [1, 2, 5, 17, mostPairs]) expect(signFlipP(Array(n).fill(0.1))).toBe(2 / 2 ** n)
    expect(signFlipP([0, 0, 0])).toBe(1)
  })

  test('refuses what it cannot enumerate', () => {
    expect(() => signFlipP([])).toThrow(RangeError)
    expect(() => signFlipP(Array(mostPairs + 1).fill(1))).toThrow(RangeError)
  })
})

test.each(golden)('the interval of $values.length pairs is the paired t interval of scipy', ({ values, low, high }) => {
  const { interval, n } = pairedDifference(values)
  expect(n).toBe(values.length)
  expect(interval!.low).toBeCloseTo(low, 10)
  expect(interval!.high).toBeCloseTo(high, 10)
  expect(interval!.df).toBe(values.length - 1)
})

test('one pair has a difference and no interval', () => {
  expect(pairedDifference([0.25])).toEqual({ values: [0.25], mean: 0.25, sd: null, n: 1, interval: null, signFlipP: 1 })
})
