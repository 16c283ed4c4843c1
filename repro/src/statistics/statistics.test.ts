import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logGamma, regularizedBeta } from './beta.ts'
import {
  differenceInterval,
  halfWidth,
  mean,
  sampleSd,
  seedsFor,
  standardError,
  studentCdf,
  studentQuantile,
  summarize,
} from './index.ts'

const relative = (received: number, expected: number) => Math.abs(received - expected) / Math.abs(expected)
const value = fc.double({ min: -10, max: 10, noNaN: true })

// scipy 1.17.1: stats.t.ppf(p, df)
const quantiles = [
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 3, 3.1824463052837078],
  [0.975, 4, 2.7764451051977934],
  [0.975, 7.3, 2.345066736547703],
  [0.975, 19, 2.0930240544083087],
  [0.975, 30.5, 2.04086944518632],
  [0.975, 120, 1.9799304050824402],
  [0.975, 1000, 1.9623390808264083],
  [0.95, 1, 6.313751514675037],
  [0.95, 7.3, 1.8829300179564308],
  [0.95, 120, 1.6576508993552352],
  [0.6, 1, 0.32491969623290634],
  [0.6, 30.5, 0.25556816383917524],
  [0.025, 2, -4.302652729749464],
  [0.995, 1, 63.656741162871526],
  [0.995, 19, 2.8609346064649794],
  [1e-6, 1, -318309.8861827435],
  [1e-6, 4, -41.577854150450975],
  [1e-6, 1000, -4.781608620458351],
] as const

// scipy 1.17.1: stats.t.cdf(t, df)
const shares = [
  [0, 3, 0.5],
  [1.5, 1, 0.8128329581890011],
  [-2.25, 4.4, 0.04077928458120981],
  [0.1, 12, 0.5390022147715872],
  [8, 5, 0.9997535466697138],
  [-30, 2, 0.0005546313409798295],
  [1e-3, 200, 0.5003984438494306],
] as const

describe('Student t', () => {
  test.each(quantiles)('the quantile at %f with %f degrees of freedom is %f', (p, df, expected) => {
    expect(relative(studentQuantile(p, df), expected)).toBeLessThan(1e-10)
  })

  test.each(shares)('the share below %f with %f degrees of freedom is %f', (t, df, expected) => {
    expect(relative(studentCdf(t, df), expected)).toBeLessThan(1e-11)
  })

  test('distribution function and quantile undo each other', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        fc.double({ min: 1, max: 1e4, noNaN: true }),
        (p, df) => {
          expect(studentCdf(studentQuantile(p, df), df)).toBeCloseTo(p, 9)
        },
      ),
    )
  })

  test.each([
    [0, 3],
    [1, 3],
    [0.5, 0],
    [Number.NaN, 2],
  ])('there is no quantile at %f with %f degrees of freedom', (p, df) => {
    expect(studentQuantile(p, df)).toBeNaN()
  })

  test('the median is 0', () => expect(studentQuantile(0.5, 7)).toBe(0))
})

describe('incomplete beta', () => {
  test('matches the closed forms I_x(a, 1) = x^a and I_x(1, b) = 1 − (1 − x)^b', () => {
    const exponent = fc.double({ min: 0.5, max: 50, noNaN: true })
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), exponent, (x, a) => {
        expect(regularizedBeta(x, a, 1)).toBeCloseTo(x ** a, 11)
        expect(regularizedBeta(x, 1, a)).toBeCloseTo(1 - (1 - x) ** a, 11)
      }),
    )
  })

  test('ends at 0 and 1', () => {
    expect(regularizedBeta(0, 2, 3)).toBe(0)
    expect(regularizedBeta(1, 2, 3)).toBe(1)
  })

  test('ln Γ matches factorials and √π', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13)
    expect(logGamma(6)).toBeCloseTo(Math.log(120), 13)
    expect(logGamma(1)).toBeCloseTo(0, 13)
  })
})

describe('summary', () => {
  const runs = [0.751082, 0.734029, 0.728939, 0.727412, 0.737847]

  test('mean and standard deviation match numpy.mean and numpy.std(ddof=1)', () => {
    expect(mean(runs)).toBeCloseTo(0.7358618, 15)
    expect(sampleSd(runs)).toBeCloseTo(0.009464128892824759, 15)
    expect(summarize(runs)).toEqual({ mean: mean(runs), sd: sampleSd(runs), n: 5 })
    expect(standardError(0.3, 9)).toBeCloseTo(0.1, 15)
  })

  test('one value has no spread, equal values have none to the last bit, no values have no mean', () => {
    expect(sampleSd([0.5])).toBeNull()
    expect(sampleSd([0.1, 0.1, 0.1])).toBe(0)
    expect(mean([])).toBeNaN()
  })

  test('the order of the values does not matter to the last bit', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
        expect(summarize([...values].reverse())).toEqual(summarize(values))
      }),
    )
  })
})

describe('intervals', () => {
  // scipy 1.17.1: stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
  test.each([
    {
      a: [0.751082, 0.734029, 0.728939, 0.727412, 0.737847],
      b: [0.7426, 0.7316, 0.7299],
      low: -0.013346816043327278,
      high: 0.015670416043327258,
      df: 5.538995152464273,
    },
    {
      a: [0.9, 0.91],
      b: [0.895, 0.889, 0.901, 0.894, 0.9],
      low: -0.027002789988512396,
      high: 0.04540278998851237,
      df: 1.4025434459495139,
    },
    {
      a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      b: [3.5, 3.6, 3.4],
      low: -0.16741436811217447,
      high: 4.1674143681121745,
      df: 9.06503414672846,
    },
  ])('Welch: $low to $high', ({ a, b, low, high, df }) => {
    const { interval, note } = differenceInterval(summarize(a), summarize(b))
    expect(relative(interval!.low, low)).toBeLessThan(1e-9)
    expect(relative(interval!.high, high)).toBeLessThan(1e-9)
    expect(relative(interval!.df, df)).toBeLessThan(1e-9)
    expect(note).toBeNull()
  })

  // scipy 1.17.1: stats.t.interval(.95, 2, loc=np.mean(a) - .895, scale=np.std(a, ddof=1) * np.sqrt(1/3 + 1))
  test('against one reported run the measured spread stands in for both, and the note says so', () => {
    const { interval, note } = differenceInterval(summarize([0.9, 0.893, 0.899]), summarize([0.895]))
    expect(interval!.low).toBeCloseTo(-0.01647625384450146, 12)
    expect(interval!.high).toBeCloseTo(0.02114292051116828, 12)
    expect(note).toContain('n = 1')
  })

  test('one measured seed has no interval, and the note says so', () => {
    const { interval, note } = differenceInterval(summarize([0.9]), summarize([0.895, 0.9]))
    expect(interval).toBeNull()
    expect(note).toContain('One seed')
  })

  test('two sides without any spread give no interval: equal values do not show how much others would differ', () => {
    const { interval, note } = differenceInterval(summarize([1, 1]), summarize([2, 2, 2]))
    expect(interval).toBeNull()
    expect(note).toContain('same value')
  })

  test('exchanging the sides mirrors the interval', () => {
    const values = fc.array(value, { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        const forth = differenceInterval(summarize(a), summarize(b)).interval
        const back = differenceInterval(summarize(b), summarize(a)).interval
        if (forth === null || back === null) {
          expect(forth).toBe(back)
          return
        }
        expect(forth.low).toBeCloseTo(-back.high, 6)
        expect(forth.high).toBeCloseTo(-back.low, 6)
      }),
    )
  })

  // scipy 1.17.1: stats.t.ppf(.975, 4) * stats.sem(runs)
  test('half-width of a mean', () => {
    expect(halfWidth(0.009464128892824759, 5)).toBeCloseTo(0.011751268120580555, 13)
  })

  // scipy 1.17.1: n = 2; while stats.t.ppf(.975, n-1) * sd / np.sqrt(n) > tolerance: n += 1
  test.each([
    [0.008, 0.01, 5],
    [0.005, 0.01, 4],
    [0.003, 0.001, 38],
    [0.02, 0.02, 7],
    [0, 0, 2],
  ])('a spread of %f needs for a tolerance of %f at least %i seeds', (sd, tolerance, seeds) => {
    expect(seedsFor((n) => halfWidth(sd, n), tolerance)).toBe(seeds)
  })

  test('no number of seeds reaches a tolerance of 0', () => expect(seedsFor((n) => halfWidth(0.1, n), 0)).toBeNull())
})
