import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { VerdictRow } from '../../verdict/verdict-row.ts'
import { drawCostChart } from './cost-chart.ts'
import { drawForestChart } from './forest-chart.ts'
import { drawLineChart, type Line, type LineChart } from './line-chart.ts'
import { decimate, smooth, stretches } from './points.ts'
import { drawPowerChart } from './power-chart.ts'
import { createScale, niceStep, tickLabel } from './scale.ts'

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })

describe('scales', () => {
  test.each([
    [1, 5, 0.2],
    [0.3, 5, 0.1],
    [17, 5, 5],
    [3, 8, 0.5],
    [1e-5, 5, 2e-6],
    [10, 1, 10],
  ])('a span of %f in about %i steps has steps of %f', (span, count, step) => {
    expect(niceStep(span, count)).toBeCloseTo(step, 12)
  })

  test('ticks lie inside the domain, evenly, and are told apart by their labels', () => {
    fc.assert(
      fc.property(value, value, fc.boolean(), (a, b, nice) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        fc.pre(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-3))
        const scale = createScale([low, high], [0, 100], { nice })
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2)
        expect(scale.ticks.length).toBeLessThanOrEqual(12)
        for (const tick of scale.ticks) {
          expect(scale(tick)).toBeGreaterThanOrEqual(-0.01)
          expect(scale(tick)).toBeLessThanOrEqual(100.01)
        }
        if (scale.step > 1e-4 * Math.abs(high)) {
          expect(new Set(scale.ticks.map(tickLabel(scale.step))).size).toBe(scale.ticks.length)
        }
      }),
    )
  })

  test('a nice domain holds the given one', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const { domain, step } = createScale([low, high], [0, 1], { nice: true })
        expect(domain[0]).toBeLessThanOrEqual(low + 2e-6 * step)
        expect(domain[1]).toBeGreaterThanOrEqual(high - 2e-6 * step)
      }),
    )
  })

  test('whole ticks are whole, and a single value gets room on both sides', () => {
    expect(createScale([0, 3], [0, 1], { whole: true, count: 8 }).ticks).toEqual([0, 1, 2, 3])
    expect(createScale([0.9, 0.9], [0, 100])(0.9)).toBeCloseTo(50, 9)
    expect(createScale([0, 0], [0, 100])(0)).toBe(50)
    // Two values that are nearly one: both stay inside.
    expect(createScale([-1.0000001e-12, -1e-13], [0, 1]).domain[1]).toBeGreaterThanOrEqual(-1e-13)
  })

  test.each([
    [0.2, 0.4, '0.4'],
    [0.002, 0.004, '0.004'],
    [5, 100, '100'],
    [0.1, 0.30000000000000004, '0.3'],
    [0.1, -0.2, '−0.2'],
    [0.5, -0, '0'],
    [2e-6, 4e-6, '4e-6'],
    [1e6, 2e6, '2e6'],
  ])('with steps of %f the label of %f is %s', (step, at, label) => {
    expect(tickLabel(step)(at)).toBe(label)
  })
})

describe('points', () => {
  const points = (values: readonly number[]) => values.map((y, x) => ({ x, y }))

  test('decimation keeps ends, extremes and order within its limit', () => {
    const values = fc.array(value, { minLength: 5, maxLength: 2000 })
    fc.assert(
      fc.property(values, fc.integer({ min: 4, max: 300 }), (list, limit) => {
        const kept = decimate(points(list), limit)
        expect(kept.length).toBeLessThanOrEqual(Math.max(limit, 4))
        expect(kept[0]).toEqual({ x: 0, y: list[0] })
        expect(kept.at(-1)).toEqual({ x: list.length - 1, y: list.at(-1) })
        const ys = kept.map(({ y }) => y)
        expect(Math.max(...ys)).toBe(Math.max(...list))
        expect(Math.min(...ys)).toBe(Math.min(...list))
        expect(kept.every(({ x }, index) => index === 0 || x > kept[index - 1]!.x)).toBe(true)
      }),
    )
  })

  test('few points stay as they are', () => {
    const few = points([3, 1, 2])
    expect(decimate(few, 3)).toBe(few)
  })

  test('smoothing leaves straight lines alone and stays within the values', () => {
    expect(smooth([1, 2, 3, 4, 5, 6], 3)).toEqual([1, 2, 3, 4, 5, 6])
    expect(smooth([0, 0, 9, 0, 0], 3)).toEqual([0, 3, 3, 3, 0])
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), (list, window) => {
        for (const y of smooth(list, window)) {
          expect(y).toBeGreaterThanOrEqual(Math.min(...list) - 1e-6)
          expect(y).toBeLessThanOrEqual(Math.max(...list) + 1e-6)
        }
      }),
    )
  })

  test('gaps part a line', () => {
    const line = [1, null, 2, 3, null, null, 4].map((y, x) => ({ x, y }))
    expect(stretches(line).map((part) => part.map(({ y }) => y))).toEqual([[1], [2, 3], [4]])
    expect(stretches([{ x: 0, y: Number.NaN }])).toEqual([])
  })
})

describe('line charts', () => {
  const line: Line = { tone: 'train', look: 'line', points: [], title: 'a line' }
  const chart: LineChart = {
    summary: 'A chart.',
    height: 200,
    x: { label: 'epoch', domain: [0, 3] },
    y: { label: 'loss' },
    lines: [],
    marks: [],
  }
  const draw = (change: Partial<LineChart>) => drawLineChart({ ...chart, ...change }).text
  const paths = (svg: string) => [...svg.matchAll(/<path class="line train" d="([^"]*)"/g)].map(([, d]) => d!)

  test('draws a path a line, with gaps, and lone points as dots', () => {
    const points = [1, null, 2, 3].map((y, x) => ({ x, y }))
    const [d] = paths(draw({ lines: [{ ...line, points }] }))
    expect(d).toMatch(/^M[\d.]+ [\d.]+h0M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/)
  })

  test('draws at most as many points as the limit says', () => {
    const points = Array.from({ length: 20_000 }, (_, x) => ({ x, y: Math.sin(x) }))
    const [d] = paths(draw({ lines: [{ ...line, points }], limit: 1000 }))
    expect(d!.match(/[\d.]+/g)!.length / 2).toBeLessThanOrEqual(1000)
  })

  test('an empty chart has axes and no numbers that are none', () => {
    expect(draw({})).toContain('class="axis"')
    expect(draw({ lines: [{ ...line, points: [{ x: 0, y: null }] }] })).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('rare peaks of single steps do not flatten the rest', () => {
    const points = Array.from({ length: 1000 }, (_, x) => ({ x: x / 400, y: x < 10 ? 1000 : 1 - x / 2000 }))
    const labels = [...draw({ lines: [{ ...line, points, steps: true }] }).matchAll(/end">([\d.]+)</g)]
    expect(Math.max(...labels.map(([, text]) => Number(text)))).toBeLessThanOrEqual(2)
  })

  test('labels at the right end keep a line apart, in the order of their values', () => {
    const labels = [0.5, 0.5, 0.51].map((y, index) => ({ tone: 'train' as const, text: `label ${index}`, y }))
    const svg = draw({ lines: [{ ...line, points: [0, 1].map((y, x) => ({ x, y })) }], labels })
    const heights = [...svg.matchAll(/class="end-label train" x="[\d.]+" y="([\d.]+)">(label \d)/g)]
    expect(heights.map(([, , text]) => text)).toEqual(['label 2', 'label 0', 'label 1'])
    const [a, b, c] = heights.map(([, y]) => Number(y))
    expect(b! - a!).toBeGreaterThanOrEqual(13.9)
    expect(c! - b!).toBeGreaterThanOrEqual(13.9)
  })
})

describe('the chart of measured and documented values', () => {
  const row = (mean: number, tolerance: number): VerdictRow => ({
    row: 'one',
    metric: 'accuracy',
    reported: { mean, sd: null, n: 1 },
    measured: { mean: mean + 0.01, sd: 0.02, n: 2, values: [mean, mean + 0.02] },
    difference: 0.01,
    interval: null,
    format: { style: 'percent' },
    seeds: [1, 2, 3],
    data: { label: 'fashion-mnist' },
    halfWidth: 0.18,
    tolerance,
    verdict: 'inconclusive',
    note: '',
    engine: 'cpu',
    precision: 'f32',
    seconds: 1,
    partial: false,
    record: '',
  })
  const ticks = (svg: string) =>
    [...svg.matchAll(/class="tick"[^>]*>([−\d.]+)</g)].map(([, text]) => Number(text!.replace('−', '-')))

  test.each([
    ['below 0 %', 0.03],
    ['above 100 %', 0.96],
  ])('no band and no interval of a share reaches %s', (_name, mean) => {
    const svg = String(drawForestChart([row(mean, 0.15)]))
    expect(Math.min(...ticks(svg))).toBeGreaterThanOrEqual(0)
    expect(Math.max(...ticks(svg))).toBeLessThanOrEqual(100)
    const [, x, width] = /class="band" x="([\d.]+)%" y="\d+" width="([\d.]+)%"/.exec(svg)!.map(Number)
    expect(mean < 0.5 ? x! : 100 - x! - width!).toBeCloseTo(3, 6)
  })

  test('is as wide as its card: every place along the axis is a share of the width', () => {
    const svg = String(drawForestChart([row(0.7, 0.05)]))
    expect(svg).not.toContain('viewBox')
    for (const [, place] of svg.matchAll(/ x[12]?="([^"]*)"/g)) expect(place).toMatch(/^[\d.]+%$/)
  })
})

describe('costs', () => {
  const bars = (chart: string) =>
    [...chart.matchAll(/<rect class="cost" x="([\d.]+)%" y="([\d.]+)" width="([\d.]+)%"/g)].map(([, x, y, wide]) =>
      [x, y, wide].map(Number),
    )

  test('bars stand on the side of their sign, as long as their share, one below the other', () => {
    const lane = (name: string, ...shares: (number | null)[]) => ({
      name,
      costs: shares.map((share, index) => ({ name: `cost ${index}`, share })),
    })
    const chart = String(drawCostChart([lane('ssa', 0.2, -0.1, 0, null), lane('mish', 0.05)]))
    const zero = Number(/class="zero" x1="([\d.]+)%"/.exec(chart)![1])
    const [more, less, none, other] = bars(chart) as [number[], number[], number[], number[]]
    expect(more[0]).toBeCloseTo(zero, 1)
    expect(less[0]! + less[2]!).toBeCloseTo(zero, 1)
    expect(more[2]! / less[2]!).toBeCloseTo(2, 1)
    expect(none[2]).toBe(0)
    expect(other[2]! / more[2]!).toBeCloseTo(0.25, 1)
    const tops = [more, less, none, other].map(([, y]) => y!)
    expect(tops).toEqual([...tops].sort((a, b) => a - b))
    expect(chart).toContain('+20 %')
    expect(chart).toContain('−10 %')
    expect(chart).toContain('not known')
  })

  test('nothing known is no chart', () => {
    expect(drawCostChart([])).toBeNull()
    expect(drawCostChart([{ name: 'ssa', costs: [{ name: 'time', share: null }] }])).toBeNull()
  })
})

test('ticks of a power chart have labels where there is room, the outermost always', () => {
  const sides = [6, 8, 12, 16, 24, 32, 40, 48, 64]
  const points = sides.map((side) => ({ x: side ** 2, y: side ** 2 }))
  const series = [{ name: 'one', tone: 'train' as const, points, fit: null }]
  const chart = String(drawPowerChart({ summary: '', xLabel: '', yLabel: '', format: String, series }))
  expect(chart.match(/class="notch"/g)).toHaveLength(sides.length)
  const labels = [...chart.matchAll(/<text class="tick" x="([\d.]+)" y="293" text-anchor="middle">(\d+)</g)]
  const ends = labels.map(([, x, text]) => ({ x: Number(x), half: 3.6 * text!.length }))
  expect([labels[0]![2], labels.at(-1)![2]]).toEqual(['36', '4096'])
  expect(labels.length).toBeLessThan(sides.length)
  for (let i = 1; i < ends.length; i++) {
    const [left, right] = [ends[i - 1]!, ends[i]!]
    expect(right.x - right.half).toBeGreaterThan(left.x + left.half + 7)
  }
})

test.each([Infinity, -Infinity, Number.NaN])(
  'a value of %s is left out, and the rest is drawn as without it',
  (odd) => {
    const chart = (extra: boolean) =>
      drawLineChart({
        summary: 'A chart.',
        height: 200,
        x: { label: 'epoch', domain: [0, 3] },
        y: { label: 'loss' },
        lines: [
          {
            tone: 'train',
            look: 'line',
            title: 'a line',
            points: [0, 1, ...(extra ? [odd] : [])].map((y, x) => ({ x, y })),
          },
        ],
        marks: [0.5, ...(extra ? [odd] : [])].map((y, x) => ({ tone: 'valid', shape: 'dot', x, y, title: 'a mark' })),
        labels: [0.5, ...(extra ? [odd] : [])].map((y) => ({ tone: 'valid', text: 'a label', y })),
      })
    expect(String(chart(true).text)).toBe(chart(false).text)
    expect(chart(true).text).not.toMatch(/NaN|Infinity/)
  },
)
