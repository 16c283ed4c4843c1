import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mean } from '../statistics/index.ts'
import { exitCodeOf, type JudgeInput, judge, reportedSummary } from './judge.ts'

const base: JudgeInput = {
  reported: { metric: 'accuracy', runs: [0.895] },
  measured: [0.896, 0.897, 0.898],
  tolerance: 0.01,
  partial: false,
  metric: { name: 'accuracy', better: 'higher', format: { style: 'percent' } },
  validation: { samples: 10_000, shared: true },
}
const lower = { ...base.metric, better: 'lower' } as const
/** Numbers of which the validation set says nothing. */
const number = { ...base.metric, format: { style: 'number' } } as const

describe('the verdict', () => {
  test.each<[string, Partial<JudgeInput>, string]>([
    ['within the tolerance', {}, 'reproduced'],
    ['above it', { measured: [0.916, 0.917, 0.918] }, 'exceeds'],
    ['below it', { measured: [0.876, 0.877, 0.878] }, 'falls-short'],
    ['below it where lower is better', { measured: [0.876, 0.877, 0.878], metric: lower }, 'exceeds'],
    ['above it where lower is better', { measured: [0.916, 0.917, 0.918], metric: lower }, 'falls-short'],
    ['shortened', { partial: true }, 'partial'],
    ['shortened and far off', { partial: true, measured: [0.1] }, 'partial'],
    ['shortened and undocumented', { partial: true, reported: null }, 'partial'],
    ['undocumented', { reported: null }, 'measured'],
    ['documented by a curve alone', { reported: { metric: 'accuracy', curve: {} } }, 'measured'],
    ['without a tolerance', { tolerance: null }, 'measured'],
    ['without a finished seed', { measured: [] }, 'inconclusive'],
    ['spread too widely', { measured: [0.88, 0.9, 0.91] }, 'inconclusive'],
    ['one seed against one run', { measured: [0.895] }, 'inconclusive'],
    [
      'one seed against a spread without a count',
      { measured: [0.895], reported: { metric: 'accuracy', mean: 0.895, sd: 0.001 } },
      'inconclusive',
    ],
    [
      'one seed against a narrow spread',
      { measured: [0.899], reported: { metric: 'accuracy', mean: 0.895, sd: 0.005, n: 5 } },
      'reproduced',
    ],
    [
      'one seed against a wide spread',
      { measured: [0.899], reported: { metric: 'accuracy', mean: 0.895, sd: 0.0052, n: 5 } },
      'inconclusive',
    ],
    [
      'one seed against listed runs',
      { measured: [0.91], reported: { metric: 'accuracy', runs: [0.894, 0.895, 0.896] } },
      'exceeds',
    ],
    ['exactly at the tolerance', { measured: [0.885, 0.885] }, 'reproduced'],
    ['just outside it', { measured: [0.88499, 0.88499] }, 'falls-short'],
    ['equal values and no tolerance at all', { measured: [0.895, 0.895], tolerance: 0 }, 'inconclusive'],
    ['equal numbers, which show no spread', { measured: [0.895, 0.895], metric: number }, 'inconclusive'],
    [
      'few samples, however equal the seeds are',
      { measured: [0.8333, 0.8333], validation: { samples: 36, shared: true } },
      'inconclusive',
    ],
    [
      'the whole interval below the tolerance, wide as it is',
      { measured: [0.35, 0.4, 0.43], tolerance: 0.15, validation: { samples: 36, shared: true } },
      'falls-short',
    ],
    [
      'the whole interval above the tolerance, where lower is better',
      { measured: [0.2, 0.23, 0.26], tolerance: 0.15, metric: lower, reported: { metric: 'accuracy', runs: [0.895] } },
      'exceeds',
    ],
  ])('%s', (_, change, verdict) => {
    expect(judge({ ...base, ...change }).verdict).toBe(verdict)
  })

  test('comes with difference, interval and a sentence', () => {
    const { difference, interval, note } = judge(base)
    expect(difference).toBeCloseTo(0.002, 12)
    expect(interval!.low).toBeLessThan(0.002)
    expect(interval!.high).toBeGreaterThan(0.002)
    expect(note).toContain('Measured 89.70 %, reported 89.50 %: 0.20 pp apart, within the tolerance of 1.00 pp.')
    expect(note).toContain('n = 1')
  })

  test('says how many seeds would be enough', () => {
    // The sample standard deviation of 0.88, 0.9, 0.91 is 0.015275; scipy 1.17.1 (see statistics.test.ts) gives 12.
    expect(judge({ ...base, measured: [0.88, 0.9, 0.91] }).note).toContain('12 seeds would be enough')
    const reported = { metric: 'accuracy', mean: 0.895, sd: 0.008, n: 5 }
    expect(judge({ ...base, reported, measured: [0.9] }).note).toContain('5 seeds would be enough')
    expect(judge({ ...base, measured: [0.9] }).note).toContain('2 in all')
    expect(judge({ ...base, measured: [0.9, 0.91], tolerance: 0 }).note).toContain('no number of seeds')
  })

  test('shortened and unfinished rows carry no made-up numbers', () => {
    expect(judge({ ...base, measured: [] })).toMatchObject({ difference: null, interval: null })
    expect(judge({ ...base, reported: null })).toMatchObject({ difference: null, interval: null })
    expect(judge({ ...base, partial: true })).toMatchObject({ difference: null, interval: null })
  })

  test('refuses results that are not numbers', () => {
    expect(() => judge({ ...base, measured: [Number.NaN] })).toThrow('E_INTERNAL')
  })
})

describe('properties', () => {
  const runs = (minLength: number) => fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength, maxLength: 8 })
  const tolerance = fc.double({ min: 0, max: 1, noNaN: true })
  const mirror = { higher: 'lower', lower: 'higher' } as const

  test('negating every value and the direction changes nothing', () => {
    fc.assert(
      fc.property(runs(1), runs(1), tolerance, fc.constantFrom('higher', 'lower'), (a, b, limit, better) => {
        const metric = { ...number, better }
        const input = { ...base, reported: { metric: 'score', runs: b }, measured: a, tolerance: limit, metric }
        const negated = { ...input, reported: { metric: 'score', runs: b.map((x) => -x) }, measured: a.map((x) => -x) }
        expect(judge({ ...negated, metric: { ...metric, better: mirror[better] } }).verdict).toBe(judge(input).verdict)
      }),
    )
  })

  test('exchanging the directions exchanges exceeding and falling short, and nothing else', () => {
    const exchanged: Record<string, string> = { exceeds: 'falls-short', 'falls-short': 'exceeds' }
    fc.assert(
      fc.property(runs(1), runs(1), tolerance, (a, b, limit) => {
        const input = { ...base, reported: { metric: 'score', runs: b }, measured: a, tolerance: limit }
        const { verdict } = judge(input)
        expect(judge({ ...input, metric: lower }).verdict).toBe(exchanged[verdict] ?? verdict)
      }),
    )
  })

  test('a wider tolerance leaves less to object to, and never makes a reproduced row another', () => {
    const outside = ['exceeds', 'falls-short']
    fc.assert(
      fc.property(runs(1), runs(1), tolerance, tolerance, (a, b, one, other) => {
        const input = { ...base, reported: { metric: 'score', runs: b }, measured: a }
        const narrow = judge({ ...input, tolerance: Math.min(one, other) }).verdict
        const wide = judge({ ...input, tolerance: Math.max(one, other) }).verdict
        if (narrow === 'reproduced') expect(wide).toBe('reproduced')
        if (outside.includes(wide)) expect([wide, 'inconclusive']).toContain(narrow)
      }),
    )
  })

  test('the order of seeds and of documented runs is irrelevant', () => {
    fc.assert(
      fc.property(runs(1), runs(1), tolerance, (a, b, limit) => {
        const input = { ...base, reported: { metric: 'score', runs: b }, measured: a, tolerance: limit }
        const turned = { ...input, reported: { metric: 'score', runs: b.toReversed() }, measured: a.toReversed() }
        expect(judge(turned)).toEqual(judge(input))
      }),
    )
  })

  test('the seeds that it asks for are more than there are', () => {
    fc.assert(
      fc.property(runs(2), tolerance, (measured, limit) => {
        const { verdict, note } = judge({ ...base, measured, tolerance: limit })
        const asked = /(\d+) seeds would be enough/.exec(note)?.[1]
        if (verdict === 'inconclusive' && asked !== undefined) expect(Number(asked)).toBeGreaterThan(measured.length)
      }),
    )
  })

  test('reproduced means within the tolerance', () => {
    fc.assert(
      fc.property(runs(2), runs(1), tolerance, (a, b, limit) => {
        const input = { ...base, reported: { metric: 'score', runs: b }, measured: a, tolerance: limit }
        const { verdict } = judge(input)
        if (verdict === 'reproduced') expect(Math.abs(mean(a) - mean(b))).toBeLessThanOrEqual(limit + 1e-9)
        if (verdict === 'exceeds' || verdict === 'falls-short')
          expect(Math.abs(mean(a) - mean(b))).toBeGreaterThan(limit)
      }),
    )
  })
})

test('documented runs count before a documented summary', () => {
  expect(reportedSummary({ metric: 'accuracy', runs: [0.5, 0.7], mean: 9 })).toMatchObject({ mean: 0.6, n: 2 })
  expect(reportedSummary({ metric: 'accuracy', mean: 0.6, sd: 0.1, n: 4 })).toEqual({ mean: 0.6, sd: 0.1, n: 4 })
  expect(reportedSummary({ metric: 'accuracy', mean: 0.6 })).toEqual({ mean: 0.6, sd: null, n: 1 })
  expect(reportedSummary({ metric: 'accuracy' })).toBeNull()
})

test('a row whose lower error rate is documented as higher exceeds', () => {
  const reported = { metric: 'error-rate', runs: [0.985] }
  const { verdict, note } = judge({ ...base, reported, measured: [0.023, 0.024], metric: lower })
  expect(verdict).toBe('exceeds')
  expect(note).toContain('better by 96.15 pp')
})

test('only a row that falls short makes the exit code 1', () => {
  const rows = ['reproduced', 'exceeds', 'inconclusive', 'partial', 'measured'] as const
  expect(exitCodeOf(rows.map((verdict) => ({ verdict })))).toBe(0)
  expect(exitCodeOf([...rows, 'falls-short' as const].map((verdict) => ({ verdict })))).toBe(1)
  expect(exitCodeOf([])).toBe(0)
})
