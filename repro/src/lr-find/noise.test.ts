import { createRng } from '@tricklab/core'
import { SmoothLoss } from '@tricklab/core/loop'
import { describe, expect, test } from 'vitest'
import type { RateSearch } from './find.ts'
import { formatRateSearch } from './format-rate-search.ts'
import { fallsBeyondNoise } from './noise.ts'
import { renderRateSearch } from './page.ts'
import { suggestRates } from './suggest.ts'

/** A search whose batch losses lie around `level(step)`, with a deviation of .05. */
function search(seed: number, steps: number, level: (step: number) => number): RateSearch {
  const noise = createRng(seed).at('noise')
  const running = new SmoothLoss()
  const points = Array.from({ length: steps }, (_, step) => {
    running.add(level(step) + 0.05 * noise.normal())
    return { rate: 1e-7 * 1e8 ** (step / steps), loss: running.compute() }
  })
  const suggestions = suggestRates(points, steps)
  return { points, suggestions, doubtful: !fallsBeyondNoise(points, steps), stopped: 'complete', recipeRate: 0.01 }
}

const share = (count: number, hit: (seed: number) => boolean) =>
  Array.from({ length: count }, (_, seed) => hit(seed)).filter(Boolean).length / count

describe.each([60, 100, 300])('a search of %i steps', (steps) => {
  test('is doubtful when the loss is noise alone', () => {
    expect(share(200, (seed) => search(seed, steps, () => 2.3).doubtful)).toBeGreaterThan(0.97)
  })

  test('is not doubtful when the loss falls by six times its noise', () => {
    const falling = (step: number) => 2.3 - 0.3 / (1 + Math.exp((0.6 * steps - step) / (0.06 * steps)))
    expect(share(200, (seed) => search(seed, steps, falling).doubtful)).toBeLessThan(0.03)
  })
})

test('a loss that stays what it is, rises, or has no points is doubtful', () => {
  const flat = Array.from({ length: 100 }, (_, step) => ({ rate: step, loss: 2 }))
  expect(fallsBeyondNoise(flat, 100)).toBe(false)
  expect(
    fallsBeyondNoise(
      flat.map((point, step) => ({ ...point, loss: step })),
      100,
    ),
  ).toBe(false)
  expect(
    fallsBeyondNoise(
      flat.map((point, step) => ({ ...point, loss: -step })),
      100,
    ),
  ).toBe(true)
  expect(fallsBeyondNoise([], 100)).toBe(false)
})

test('page and terminal warn of suggestions that may be chance, and of no others', () => {
  const doubtful = search(1, 100, () => 2.3)
  const sound = search(1, 100, (step) => 2.3 - step / 50)
  for (const show of [formatRateSearch, (found: RateSearch) => renderRateSearch('a/b', found)]) {
    expect(show(doubtful)).toContain('Do not trust these rates')
    expect(show(sound)).not.toContain('Do not trust')
  }
})

test('the axis of the page shows learning rates', () => {
  const ticks = [
    ...renderRateSearch(
      'a/b',
      search(1, 100, () => 2),
    ).matchAll(/class="tick"[^>]*middle">([^<]+)</g),
  ]
  expect(ticks.map(([, text]) => text)).toEqual(['1e−7', '1e−6', '1e−5', '1e−4', '0.001', '0.01', '0.1', '1', '10'])
})
