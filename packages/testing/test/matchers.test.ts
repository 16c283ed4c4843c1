import '../src/matchers.ts'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { compare, reference } from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('tensors, typed arrays, nested arrays and reference arrays compare with each other', () => {
  const values = [
    [1, 2, 3],
    [4, 5, 6],
  ]
  const tensor = tf.tensor2d(values)
  expect(tensor).toBeAllClose(values)
  expect(tensor).toBeAllClose(Float64Array.from(values.flat()))
  expect(values).toBeAllClose(reference.referenceArray([2, 3], values.flat()))
  expect(3).toBeAllClose(tf.scalar(3))
  expect(tensor).not.toBeAllClose(tf.reshape(tensor, [3, 2]))
  expect([]).toBeAllClose([])
})

test('the message shows the worst element, its index and what is allowed', () => {
  const { close, message } = compare(
    [
      [1, 2, 3.5],
      [4, 5, 6.1],
    ],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { rtol: 0, atol: 0.01 },
  )
  expect(close).toBe(false)
  expect(message).toBe(
    '2 of 6 elements are not close; the worst is [0, 2]: received 3.5, expected 3 (difference 0.5, allowed 0.01)',
  )
  expect(() => expect([1]).toBeAllClose([2])).toThrow('1 of 1 elements are not close; the worst is [0]')
  expect(compare([1, 2], [[1, 2]]).message).toBe('expected shape [1, 2], received shape [2]')
  expect(compare(new Float32Array(3), [[1, 2]]).message).toBe('expected shape [1, 2], received 3 numbers')
})

test('tolerances add up, and are exact at the edge', () => {
  expect([1.5]).toBeAllClose([1], { atol: 0.25, rtol: 0.25 })
  expect([1.5]).not.toBeAllClose([1], { atol: 0.25, rtol: 0.125 })
  expect([100]).toBeAllClose([101], { atol: 0, rtol: 0.01 })
})

test.each([
  [Number.NaN, Number.NaN, true],
  [Number.NaN, 1, false],
  [1, Number.NaN, false],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false],
  [1, Number.POSITIVE_INFINITY, false],
  [Number.POSITIVE_INFINITY, 1, false],
  [0, -0, true],
])('%d against %d: close is %s', (received, expected, close) => {
  expect(compare([received], [expected]).close).toBe(close)
})
