import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { suggestRates } from './suggest.ts'

interface Curve {
  steps: number
  points: number
  base: number
  drop: number
  turn: number
  rise: number
  blow: number
  valley: number
  steep: number
  minimum: number
}

const golden = JSON.parse(readFileSync(new URL('./golden/suggestions.json', import.meta.url), 'utf8')) as {
  cases: Curve[]
}

describe("golden numbers of fastai's lr_find", () => {
  test.each(golden.cases.map((curve, index) => [index, curve] as const))('curve %i', (c, curve) => {
    // As in golden/make_suggestions.py.
    const points = Array.from({ length: curve.points }, (_, i) => ({
      rate: 1e-7 * 1e8 ** (i / curve.steps),
      loss:
        curve.base +
        (curve.drop * (1 - Math.tanh((i - curve.turn) / 8))) / 2 +
        curve.rise * Math.exp((i - curve.blow) / 4) +
        0.02 * Math.sin(0.7 * i * i + c),
    }))
    const found = suggestRates(points, curve.steps)!
    for (const rule of ['valley', 'steep', 'minimum'] as const) {
      expect(Math.abs(found[rule] / curve[rule] - 1)).toBeLessThan(1e-12)
    }
  })
})

const pointsOf = (losses: readonly number[]) => losses.map((loss, i) => ({ rate: 10 ** (i - 7), loss }))

test('the first tenth and the last five points do not count', () => {
  const losses = [...Array(10).fill(-9), 5, 4, 1.8, 1.7, 3, 4, 5, ...Array(5).fill(-9)]
  const found = suggestRates(pointsOf(losses), 100)!
  expect(Math.log10(found.minimum)).toBeCloseTo(13 - 7 - 1, 9)
  expect(Math.log10(found.steep)).toBeCloseTo(11 - 7, 9)
})

test('too few points suggest nothing', () => {
  expect(suggestRates(pointsOf(Array(17).fill(1)), 100)).toBeNull()
  expect(suggestRates(pointsOf(Array(18).fill(1)), 100)).not.toBeNull()
  expect(suggestRates([], 100)).toBeNull()
})
