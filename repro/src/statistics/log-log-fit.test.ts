import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitPowerLaw } from './index.ts'

// scipy 1.17.1: r = stats.linregress(np.log(x), np.log(y)); slope, np.exp(intercept), slope ± stats.t.ppf(.975, n − 2) · stderr
const golden = [
  {
    x: [256, 576, 1024, 2304, 4096],
    y: [1.1, 2.7, 5.2, 11.4, 22],
    exponent: 1.0714669389800109,
    factor: 0.0029529581385958794,
    low: 1.0179240754622347,
    high: 1.125009802497787,
  },
  {
    x: [1, 2, 4, 8],
    y: [3, 11.5, 50, 190],
    exponent: 2.0074973556547087,
    factor: 2.967633703203342,
    low: 1.8927842525978957,
    high: 2.1222104587115216,
  },
  {
    x: [64, 64, 256, 256, 1024, 1024],
    y: [0.01, 0.012, 0.15, 0.17, 2.6, 2.4],
    exponent: 1.958278000350397,
    factor: 3.1439888154410404e-6,
    low: 1.8725488315246677,
    high: 2.0440071691761266,
  },
]

test.each(golden)('fits $x as scipy does', ({ x, y, exponent, factor, low, high }) => {
  const fit = fitPowerLaw(x.map((value, index) => ({ x: value, y: y[index]! })))
  expect(fit.exponent).toBeCloseTo(exponent, 10)
  expect(fit.factor / factor).toBeCloseTo(1, 9)
  expect(fit.interval!.low).toBeCloseTo(low, 9)
  expect(fit.interval!.high).toBeCloseTo(high, 9)
})

test('finds the exponent of a true power law, in any unit', () => {
  const numbers = fc.record({
    exponent: fc.double({ min: -3, max: 3, noNaN: true }),
    factor: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  })
  fc.assert(
    fc.property(numbers, ({ exponent, factor }) => {
      const points = [16, 64, 256, 1024].map((x) => ({ x, y: factor * x ** exponent }))
      expect(fitPowerLaw(points).exponent).toBeCloseTo(exponent, 8)
    }),
  )
})

test('two points leave no interval; fewer, or values that are not above 0, are refused', () => {
  const points = [
    { x: 1, y: 2 },
    { x: 2, y: 8 },
  ]
  expect(fitPowerLaw(points)).toMatchObject({ exponent: 2, interval: null })
  expect(() => fitPowerLaw(points.slice(1))).toThrow(RangeError)
  expect(() => fitPowerLaw([points[0]!, points[0]!])).toThrow(RangeError)
  expect(() => fitPowerLaw([...points, { x: 3, y: 0 }])).toThrow(RangeError)
})
