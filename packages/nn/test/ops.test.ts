import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  addRelu,
  averagePool2,
  batchNormEval,
  batchNormTrain,
  conv2d,
  dropout,
  fusedBatchNormTrain,
  fusedLinear,
  fusedRelu,
  globalAveragePool,
  leakyReluOffset,
  maxPool,
  relu,
  softmaxCrossEntropy,
} from '../src/index.ts'
import { expectNoLeak } from './helpers.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Standard normal values of a seed. */
function normal<R extends tf.Rank = tf.Rank>(seed: number, shape: number[]): tf.Tensor<R> {
  const stream = createRng(seed).at('values')
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal())
  return tf.tensor<R>(values, shape as tf.ShapeMap[R])
}

/**
 * Compares the gradient of `Σ weights · f(inputs)` with central differences. Values of one element at a time are moved
 * by 1e-2; float32 rounding and curvature stay below the tolerance for maps of this size. Kinks of ReLU and maxima can
 * lie inside an interval; so a few elements may be off.
 */
function expectGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, shapes: number[][], kinks = 0): void {
  expectNoLeak(() =>
    tf.tidy(() => {
      const inputs = shapes.map((shape, index) => normal(index + 1, shape))
      const weights = normal(99, f(...inputs).shape)
      const value = (...moved: tf.Tensor[]) => tf.sum(tf.mul(f(...moved), weights))
      const gradients = tf.grads(value)(inputs)
      let off = 0
      for (const [which, input] of inputs.entries()) {
        const values = input.dataSync() as Float32Array
        const gradient = gradients[which]!.dataSync()
        for (let i = 0; i < values.length; i++) {
          const at = (delta: number) => {
            const moved = Float32Array.from(values)
            moved[i]! += delta
            return tf.tidy(() => value(...inputs.with(which, tf.tensor(moved, input.shape))).dataSync()[0]!)
          }
          const numeric = (at(1e-2) - at(-1e-2)) / 2e-2
          if (Math.abs(numeric - gradient[i]!) > 5e-3 * Math.max(1, Math.abs(numeric))) off++
        }
      }
      expect(off).toBeLessThanOrEqual(kinks)
    }),
  )
}

const asImages = (x: tf.Tensor) => x as tf.Tensor4D

describe('gradients agree with finite differences', () => {
  const norm = { epsilon: 1e-5 } as const
  test('batchNormTrain', () => {
    expectGradients(
      (x, gamma, beta) => batchNormTrain(x!, gamma!, beta!, { ...norm, activation: fusedLinear }).y,
      [[3, 2, 2, 2], [2], [2]],
    )
  })
  test('batchNormTrain with ReLU', () => {
    expectGradients(
      (x, gamma, beta) => batchNormTrain(x!, gamma!, beta!, { ...norm, activation: fusedRelu }).y,
      [[3, 2, 2, 2], [2], [2]],
      3,
    )
  })
  test('softmaxCrossEntropy', () => {
    const targets = tf.tensor2d([0.1, 0.9, 0, 0.5, 0.25, 0.25], [2, 3])
    // The targets outlive the leak check.
    expectGradients((logits) => softmaxCrossEntropy(logits as tf.Tensor2D, targets), [[2, 3]])
    targets.dispose()
  })
  test('leakyReluOffset', () => {
    expectGradients((x) => leakyReluOffset(x!, { alpha: 0.1, offset: 0.4 }), [[3, 4]], 1)
  })
  test('relu', () => expectGradients((x) => relu(x!), [[3, 4]], 1))
  test('addRelu', () => {
    expectGradients(
      (a, b) => addRelu(a!, b!),
      [
        [3, 4],
        [3, 4],
      ],
    )
  })
  test('addRelu where one side goes on elsewhere', () => {
    // The tape adds to the gradient of `a`, and disposes of the old one, after addRelu gave both their gradients.
    const f = (a: tf.Tensor, b: tf.Tensor) => {
      const elsewhere = tf.mul(a, 3)
      return tf.add(addRelu(a, b), elsewhere)
    }
    expectGradients((a, b) => f(a!, b!), [[5], [5]], 1)
  })
  test('dropout', () => expectGradients((x) => dropout(x!, 0.4, 7), [[4, 5]]))
  test.each([0, 1, [1, 0, 2, 1] as const])('conv2d with padding %s', (padding) => {
    expectGradients(
      (x, w) => conv2d(asImages(x!), asImages(w!), { stride: 2, padding }),
      [
        [2, 4, 5, 2],
        [3, 3, 2, 2],
      ],
    )
  })
  test('averagePool2', () => expectGradients((x) => averagePool2(asImages(x!)), [[1, 3, 5, 2]]))
  test('globalAveragePool', () => expectGradients((x) => globalAveragePool(asImages(x!)), [[2, 3, 2, 2]]))
  test('maxPool', () => {
    expectGradients((x) => maxPool(asImages(x!), { size: 3, stride: 2, padding: 1 }), [[1, 5, 4, 2]], 2)
  })
})

describe('batch norm', () => {
  const shapes = fc.record({
    batch: fc.integer({ min: 2, max: 5 }),
    height: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 4 }),
    channels: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  })

  test('puts out β as mean and γ as deviation, whatever comes in', () => {
    fc.assert(
      fc.property(shapes, ({ batch, height, width, channels, seed }) => {
        tf.tidy(() => {
          // Far from 0 and wide: the variance must not be the difference of two large numbers.
          const x = tf.add(tf.mul(normal(seed, [batch, height, width, channels]), 3), 1000)
          const gamma = tf.range(1, channels + 1)
          const beta = tf.range(-1, channels - 1)
          const { y } = batchNormTrain(x, gamma, beta, { epsilon: 1e-12, activation: fusedLinear })
          const { mean, variance } = tf.moments(y, [0, 1, 2])
          expect(tf.max(tf.abs(tf.sub(mean, beta))).dataSync()[0]).toBeLessThan(1e-2)
          expect(tf.max(tf.abs(tf.sub(tf.sqrt(variance), gamma))).dataSync()[0]).toBeLessThan(1e-2)
        })
      }),
      { numRuns: 40 },
    )
  })

  test('evaluates to what training gives, when given the statistics of the batch', () => {
    tf.tidy(() => {
      const [x, gamma, beta] = [normal(1, [3, 2, 2, 4]), normal(2, [4]), normal(3, [4])]
      const options = { epsilon: 1e-5, activation: fusedRelu } as const
      const { y, stats } = batchNormTrain(x, gamma, beta, options)
      const [mean, variance] = tf.unstack(stats) as [tf.Tensor, tf.Tensor]
      const evaluated = batchNormEval(x, { gamma, beta, mean, variance }, options)
      expect(tf.max(tf.abs(tf.sub(y, evaluated))).dataSync()[0]).toBeLessThan(1e-6)
    })
  })
})

describe('softmax cross-entropy', () => {
  test('is the entropy of the targets at its minimum: .50029 for ten classes smoothed by .1', () => {
    tf.tidy(() => {
      const targets = tf.tensor2d([0.91, ...Array(9).fill(0.01)], [1, 10])
      expect(softmaxCrossEntropy(tf.log(targets), targets).dataSync()[0]).toBeCloseTo(0.50029, 5)
    })
  })

  test('stays finite where the softmax under- and overflows, and ignores a shift of the logits', () => {
    tf.tidy(() => {
      const targets = tf.tensor2d([0, 1], [1, 2])
      const far = tf.tensor2d([1000, -1000], [1, 2])
      expect(softmaxCrossEntropy(far, targets).dataSync()[0]).toBe(2000)
      const [a, b] = [0, 500].map((shift) => softmaxCrossEntropy(tf.tensor2d([1 + shift, 2 + shift], [1, 2]), targets))
      expect(b!.dataSync()[0]).toBeCloseTo(a!.dataSync()[0]!, 4)
    })
  })

  test('is linear in the targets, so mixed targets are mixed losses', () => {
    tf.tidy(() => {
      const logits = normal<tf.Rank.R2>(1, [4, 5])
      const [a, b] = [2, 3].map((seed) => tf.softmax(normal<tf.Rank.R2>(seed, [4, 5])))
      const mixed = softmaxCrossEntropy(logits, tf.add(tf.mul(a!, 0.3), tf.mul(b!, 0.7)))
      const apart = tf.add(tf.mul(softmaxCrossEntropy(logits, a!), 0.3), tf.mul(softmaxCrossEntropy(logits, b!), 0.7))
      expect(tf.max(tf.abs(tf.sub(mixed, apart))).dataSync()[0]).toBeLessThan(1e-5)
    })
  })
})

describe('leakyReluOffset, slowai GeneralReLU', () => {
  const general = (values: number[]) =>
    tf.tidy(() => Array.from(leakyReluOffset(tf.tensor1d(values), { alpha: 0.1, offset: 0.4 }).dataSync()))

  test('is −.4 at 0, with slope 1 above and .1 below', () => {
    const [zero, one, two, below, further] = general([0, 1, 2, -1, -2]) as [number, number, number, number, number]
    expect(zero).toBeCloseTo(-0.4, 6)
    expect(two - one).toBeCloseTo(1, 6)
    expect(below - further).toBeCloseTo(0.1, 6)
  })

  test('has mean −.041 and deviation .613 on standard normal values', () => {
    const stream = createRng(1).at('values')
    const values = general(Array.from({ length: 100_000 }, () => stream.normal()))
    const mean = values.reduce((a, b) => a + b) / values.length
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
    expect(Math.abs(mean + 0.041)).toBeLessThan(0.01)
    expect(Math.abs(deviation - 0.613)).toBeLessThan(0.01)
  })
})

describe('dropout', () => {
  test('is the identity at rate 0', () => {
    tf.tidy(() => {
      const x = normal(1, [3])
      expect(dropout(x, 0, 1)).toBe(x)
    })
  })

  test('keeps the mean, zeroes the share asked for, and depends on its key alone', () => {
    tf.tidy(() => {
      const ones = tf.ones([100_000])
      const values = dropout(ones, 0.3, 5).dataSync()
      const zeros = values.filter((value) => value === 0).length
      expect(zeros / values.length).toBeCloseTo(0.3, 2)
      expect(tf.mean(dropout(ones, 0.3, 5)).dataSync()[0]).toBeCloseTo(1, 2)
      expect(dropout(ones, 0.3, 5).dataSync()).toEqual(values)
      const other = dropout(ones, 0.3, 6).dataSync()
      const agreeing = values.filter((value, i) => value === other[i]).length
      expect(agreeing / values.length).toBeCloseTo(0.3 ** 2 + 0.7 ** 2, 2)
    })
  })
})

test('composed kernels neither change their inputs nor leave tensors behind', () => {
  tf.tidy(() => {
    const x = normal(1, [2, 3, 3, 4])
    const before = x.dataSync().slice()
    const [gamma, beta] = [normal(2, [4]), normal(3, [4])]
    const run = () =>
      tf.tidy(() => void fusedBatchNormTrain.composed({ x, gamma, beta }, { epsilon: 1, activation: fusedRelu }))
    expectNoLeak(run)
    expect(x.dataSync()).toEqual(before)
  })
})
