import '../src/matchers.ts'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawImages, images, reference, shapes, targetDistributions } from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const parameters = { seed: 3, numRuns: 40 }

describe('reference loops agree with the cpu backend', () => {
  const windows = fc.record({
    shape: shapes({ size: [3, 8], channels: [1, 3] }),
    size: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom(0, 1),
    depth: fc.integer({ min: 1, max: 3 }),
  })
  const draw = (shape: readonly [number, number, number], batch = 2) => {
    const values = drawImages(1, batch, shape)
    return {
      tensor: tf.tensor4d(values, [batch, ...shape]),
      array: reference.referenceArray([batch, ...shape], values),
    }
  }

  test('conv2d', () => {
    fc.assert(
      fc.property(windows, ({ shape, size, stride, padding, depth }) => {
        const x = draw(shape)
        const filter = draw([size, shape[2], depth], size)
        const expected = tf.conv2d(x.tensor, filter.tensor, stride, padding)
        expect(expected).toBeAllClose(reference.conv2d(x.array, filter.array, { stride, padding }), { atol: 1e-5 })
      }),
      parameters,
    )
  })

  test('pooling', () => {
    fc.assert(
      fc.property(windows, ({ shape, size, stride, padding }) => {
        fc.pre(padding < size)
        const x = draw(shape)
        const options = { size, stride, padding }
        expect(tf.maxPool(x.tensor, size, stride, padding)).toBeAllClose(reference.maxPool2d(x.array, options))
        expect(tf.avgPool(x.tensor, size, stride, padding)).toBeAllClose(reference.averagePool2d(x.array, options))
      }),
      parameters,
    )
  })

  test('softmax cross-entropy', () => {
    const cases = fc.tuple(images(1, [1, 3, 4]), targetDistributions(3, 4))
    fc.assert(
      fc.property(cases, ([scores, targets]) => {
        const logits = tf.tensor2d(scores, [3, 4])
        const expected = tf.neg(tf.sum(tf.mul(tf.tensor2d(targets), tf.logSoftmax(logits)), 1))
        const rows = logits.arraySync()
        expect(expected).toBeAllClose(rows.map((row, n) => reference.softmaxCrossEntropy(row, targets[n]!)))
        expect(tf.softmax(logits)).toBeAllClose(rows.map((row) => reference.softmax(row)))
      }),
      parameters,
    )
  })
})

test('conv2d by hand: padding, stride and no flip of the filter', () => {
  const x = reference.referenceArray([1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const filter = reference.referenceArray([2, 2, 1, 1], [1, 10, 100, 1000])
  expect(reference.conv2d(x, filter, { stride: 1, padding: 0 })).toBeAllClose([
    [
      [[5421], [6532]],
      [[8754], [9865]],
    ],
  ])
  expect(reference.conv2d(x, filter, { stride: 2, padding: 1 })).toBeAllClose([
    [
      [[1000], [3200]],
      [[7040], [9865]],
    ],
  ])
})

test('average pooling counts inner pixels alone', () => {
  const x = reference.referenceArray([1, 2, 2, 1], [1, 2, 3, 4])
  expect(reference.averagePool2d(x, { size: 2, stride: 2, padding: 1 })).toBeAllClose([
    [
      [[1], [2]],
      [[3], [4]],
    ],
  ])
})

test('batch norm by hand', () => {
  const x = reference.referenceArray([2, 1, 1, 2], [1, 10, 3, 30])
  const { y, mean, variance } = reference.batchNorm(x, { gamma: [2, 1], beta: [0, 5], epsilon: 0 })
  expect(mean).toBeAllClose([2, 20])
  expect(variance).toBeAllClose([1, 100])
  expect(y).toBeAllClose([[[[-2, 4]]], [[[2, 6]]]])
})

test('cross-entropy stays exact where a probability underflows', () => {
  expect(reference.softmaxCrossEntropy([0, 2000], [1, 0])).toBe(2000)
})

test('targets are probabilities; images depend on their seed alone', () => {
  fc.assert(
    fc.property(targetDistributions(4, 3), (rows) => {
      expect(rows.map((row) => row.reduce((sum, value) => sum + value, 0))).toBeAllClose([1, 1, 1, 1])
      expect(rows.flat().every((value) => value >= 0)).toBe(true)
    }),
    parameters,
  )
  expect(drawImages(7, 2, [2, 3, 1])).toEqual(drawImages(7, 2, [2, 3, 1]))
  expect(drawImages(7, 2, [2, 3, 1])).not.toEqual(drawImages(8, 2, [2, 3, 1]))
})
