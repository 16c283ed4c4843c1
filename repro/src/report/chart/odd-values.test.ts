import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderInterpretation } from '../../interpretation/page.ts'
import { renderRateSearch } from '../../lr-find/page.ts'
import type { VerdictRow } from '../../verdict/verdict-row.ts'
import { drawCostChart } from './cost-chart.ts'
import { drawEffectChart } from './effect-chart.ts'
import { drawForestChart } from './forest-chart.ts'
import { drawLineChart } from './line-chart.ts'
import { smooth } from './points.ts'
import { drawPowerChart } from './power-chart.ts'

/** What a broken training measures, and what it measures otherwise. */
const odd = fc.oneof(
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 1e300),
  fc.double(),
)
const odds = fc.array(odd, { minLength: 1, maxLength: 6 })
const maybe = fc.option(odd)
const interval = fc.option(fc.record({ low: odd, high: odd, df: fc.constant(1) }))
const format = fc.constantFrom({ style: 'percent' as const }, { style: 'number' as const })

/** Every number that places something is one. */
function expectWhole(drawn: string): void {
  for (const [attribute] of drawn.matchAll(/ (?:x|y|x1|x2|y1|y2|dx|d|width|height|viewBox|style)="[^"]*"/g)) {
    expect(attribute).not.toMatch(/NaN|Infinity|undefined/)
    for (const [number] of attribute.matchAll(/-?\d[\d.]*(?:e[+-]?\d+)?/g)) {
      expect(Math.abs(Number(number))).toBeLessThan(1e6)
    }
  }
}

const draws = (arbitrary: fc.Arbitrary<() => { toString(): string } | null>) =>
  fc.assert(
    fc.property(arbitrary, (draw) => expectWhole(String(draw() ?? ''))),
    { numRuns: 300 },
  )

test('a forest chart is whole, whatever was measured', () => {
  const row = fc.record({
    format,
    mean: odd,
    reported: maybe,
    values: odds,
    halfWidth: maybe,
    tolerance: maybe,
    interval,
  })
  type Drawn = typeof row extends fc.Arbitrary<infer T> ? T : never
  const rowOf = ({ mean, reported, values, ...rest }: Drawn): VerdictRow => ({
    row: 'one',
    metric: 'accuracy',
    reported: reported === null ? null : { mean: reported, sd: null, n: 1 },
    measured: { mean, sd: 0, n: values.length, values },
    difference: mean,
    seeds: [1],
    data: { label: 'data' },
    verdict: 'inconclusive',
    note: '',
    engine: 'cpu',
    precision: 'f32',
    seconds: 1,
    partial: false,
    record: '',
    ...rest,
  })
  draws(fc.array(row, { maxLength: 3 }).map((rows) => () => drawForestChart(rows.map(rowOf))))
})

test('an effect chart is whole, whatever a trick is worth', () => {
  const effect = fc.record({ mean: odd, values: odds, interval })
  draws(
    fc.tuple(format, fc.array(effect, { maxLength: 3 })).map(
      ([style, effects]) =>
        () =>
          drawEffectChart(
            { name: 'metric', format: style },
            effects.map((difference) => ({ name: 'mish', difference: { sd: 0, n: 2, signFlipP: 1, ...difference } })),
          ),
    ),
  )
})

test('a cost chart is whole, whatever a trick costs', () => {
  const lane = fc.array(fc.record({ name: fc.constant('time'), share: maybe }), { maxLength: 4 })
  draws(
    fc.array(lane, { maxLength: 3 }).map((lanes) => () => drawCostChart(lanes.map((costs) => ({ name: 'a', costs })))),
  )
})

test('a power chart is whole, whatever was measured and fitted', () => {
  const series = fc.record({
    points: fc.array(fc.record({ x: odd, y: odd }), { maxLength: 5 }),
    fit: fc.option(fc.record({ exponent: odd, factor: odd, from: odd })),
  })
  draws(
    fc.tuple(fc.array(series, { maxLength: 2 }), odd).map(
      ([all, x]) =>
        () =>
          drawPowerChart({
            summary: '',
            xLabel: '',
            yLabel: '',
            format: String,
            mark: { x, label: 'here' },
            series: all.map((one) => ({ name: 'one', tone: 'train', ...one })),
          }),
    ),
  )
})

test('a line chart is whole, whatever its points, marks, labels and domain', () => {
  const points = fc.array(fc.record({ x: odd, y: maybe }), { maxLength: 6 })
  const marks = fc.array(fc.record({ x: odd, y: odd }), { maxLength: 3 })
  draws(
    fc.tuple(points, fc.boolean(), marks, odds, odd, odd, fc.boolean()).map(
      ([line, steps, signs, labels, from, to, percent]) =>
        () =>
          drawLineChart({
            summary: '',
            height: 200,
            x: { label: '', domain: [from, to] },
            y: { label: 'loss', percent },
            lines: [{ tone: 'train', look: 'line', steps, title: '', points: line }],
            marks: signs.map((sign) => ({ tone: 'valid', shape: 'dot', title: '', ...sign })),
            labels: labels.map((y) => ({ tone: 'valid', text: 'a', y })),
          }),
    ),
  )
})

test('the page of a search for learning rates is whole, whatever the losses and rates', () => {
  const point = fc.record({ rate: odd, loss: odd })
  const suggestions = fc.option(fc.record({ valley: odd, steep: odd, minimum: odd }))
  draws(
    fc.tuple(fc.array(point, { maxLength: 8 }), suggestions, odd).map(
      ([found, suggested, recipeRate]) =>
        () =>
          renderRateSearch('a/b', {
            points: found,
            suggestions: suggested,
            doubtful: false,
            stopped: 'not finite',
            recipeRate,
          }),
    ),
  )
})

test('the page of mistakes is whole, whatever a network says', () => {
  const bin = fc.record({ confidence: odd, accuracy: odd })
  draws(
    fc.tuple(fc.array(bin, { maxLength: 4 }), odd, odd).map(
      ([bins, accuracy, loss]) =>
        () =>
          renderInterpretation(
            {
              ...{ table: 'a', row: 'b', title: 'a table', seed: 1, predictor: null, scores: {}, recorded: {} },
              ...{ normalization: { mean: [0], std: [1] } as never, imageShape: [2, 2, 1], samples: 1, accuracy },
              classes: [{ name: 'cat', samples: 1, guesses: 1, right: 1, precision: accuracy, recall: null, f1: null }],
              confusion: [[1]],
              bins: bins.map((values) => ({ low: 0, high: 1, samples: 1, ...values })),
              calibrationError: accuracy,
              worst: [
                {
                  ...{ index: 0, truth: 'cat', guess: 'cat', file: null, values: new Float32Array(4), loss },
                  ...{ probability: accuracy, truthProbability: accuracy },
                },
              ],
            },
            () => 'data:,',
          ),
    ),
  )
})

test('one value that is not finite is one gap of a smoothed line', () => {
  for (const gap of [Number.NaN, Infinity, -Infinity]) {
    expect(smooth([1, 1, gap, 1, 4, 1, 1], 3)).toEqual([1, 1, gap, 2.5, 2, 2, 1])
  }
})
