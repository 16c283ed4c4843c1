import { createRng } from '@tricklab/core'
import { expect, test } from 'vitest'
import { type Initializer, kaimingNormal, torchBias, torchWeight } from './init.ts'

function statistics(initializer: Initializer, shape: number[]) {
  const values = initializer(shape, createRng(3).at('weight'))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance), largest: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) }
}

// 3·3·16 = 144 values enter an output, 3·3·32 = 288 leave an input. 4608 values: the deviation is known to about 1 %.
test.each([
  ['in, slope 0', kaimingNormal({ slope: 0, fan: 'in' }), Math.sqrt(2 / 144)],
  ['in, slope 0.1', kaimingNormal({ slope: 0.1, fan: 'in' }), Math.sqrt(2 / 1.01 / 144)],
  ['out, slope 0', kaimingNormal({ slope: 0, fan: 'out' }), Math.sqrt(2 / 288)],
])('kaiming-normal, fan %s, has its deviation', (_, initializer, expected) => {
  const { mean, deviation } = statistics(initializer, [3, 3, 16, 32])
  expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.04)
  expect(Math.abs(mean)).toBeLessThan(0.06 * expected)
})

test("PyTorch's weights and biases fill ±1/√fanIn", () => {
  for (const initializer of [torchWeight, torchBias([3, 3, 16, 32])]) {
    const { deviation, largest } = statistics(initializer, [3, 3, 16, 32])
    expect(largest).toBeLessThanOrEqual(1 / 12)
    expect(largest).toBeGreaterThan(0.99 / 12)
    expect(deviation * 12 * Math.sqrt(3)).toBeCloseTo(1, 1)
  }
})

test('the same key draws the same numbers, another key others', () => {
  const draw = (key: string) => kaimingNormal({ slope: 0, fan: 'in' })([2, 3], createRng(1).at(key))
  expect(draw('a')).toEqual(draw('a'))
  expect(draw('a')).not.toEqual(draw('b'))
})
