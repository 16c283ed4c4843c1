import { expect, test } from 'vitest'
import { createAccuracy } from './accuracy.ts'
import { isShare } from './share.ts'
import { createTopKAccuracy } from './top-k-accuracy.ts'

test('every share of some samples is one, and nothing between them or beyond', () => {
  for (const samples of [1, 36, 500, 3_929]) {
    for (let right = 0; right <= samples; right++) expect(isShare(right / samples, samples)).toBe(true)
    for (const value of [-1 / samples, 1 + 1 / samples, 0.5 / samples, Number.NaN, Infinity]) {
      expect(isShare(value, samples)).toBe(false)
    }
  }
  expect(isShare(0.742, 500)).toBe(true)
  expect(isShare(0.7421, 500)).toBe(false)
})

test('accuracies say which values can be theirs', () => {
  for (const metric of [createAccuracy('micro', 2), createTopKAccuracy(5)]) {
    expect(metric.possible!(0.75, 4)).toBe(true)
    expect(metric.possible!(0.7, 4)).toBe(false)
    expect(metric.possible!(1.5, 4)).toBe(false)
  }
  const macro = createAccuracy('macro', 2)
  expect(macro.possible!(0.7, 4)).toBe(true)
  expect(macro.possible!(-0.7, 4)).toBe(false)
})
