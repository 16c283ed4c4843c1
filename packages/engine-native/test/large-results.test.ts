import * as tf from '@tricklab/core/tf'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasNativePrecision, nativePrecision, nativeThreads } from '../src/index.ts'
import { nativeIsThere } from './compare.ts'

const there = nativeIsThere()

/** From this many numbers on, results are written past the caches. */
const large = 2 ** 22

/** A few bits each, so that sums over them are exact in any order. */
function eighths(shape: readonly number[], seed: number): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape([...shape]))
  for (let i = 0; i < values.length; i++) values[i] = ((Math.imul(i + seed, 2654435761) >>> 24) - 128) / 8
  return tf.tensor(values, [...shape])
}

const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: object) =>
  [tf.engine().runKernel(name, inputs, attrs as never)].flat() as tf.Tensor[]

/** Both halves of a tensor along its first axis hold what `half` holds, to the bit. */
function expectTwice(whole: tf.Tensor, half: tf.Tensor): void {
  expect(whole.size).toBeGreaterThanOrEqual(large)
  expect(half.size).toBeLessThan(0.6 * large)
  const [all, expected] = [whole.dataSync(), half.dataSync()]
  let different = 0
  for (let i = 0; i < all.length; i++) if (!Object.is(all[i], expected[i % expected.length])) different++
  expect(different).toBe(0)
}

const twice = (x: tf.Tensor) => tf.concat([x, x], 0)

describe.runIf(there)('a result larger than the caches has the bits of a smaller one', () => {
  beforeAll(async () => {
    await tf.setBackend('native')
    nativePrecision('float32')
  })

  test.each([1, 2, 3])('of sums, with %d threads', (threads) => {
    const before = nativeThreads()
    nativeThreads(threads)
    // Not a multiple of anything, so that ends are ragged.
    const count = large + 37
    tf.tidy(() => {
      const [a, b] = [eighths([count], 1), eighths([count], 2)]
      const [sum, left, right] = [tf.add(a, b).dataSync(), a.dataSync(), b.dataSync()]
      let different = 0
      for (let i = 0; i < count; i++) if (sum[i] !== Math.fround(left[i]! + right[i]!)) different++
      expect(different).toBe(0)
    })
    nativeThreads(before)
  })

  test.each([64, 48, 36, 2064])('of batch norm over %d channels', (channels) => {
    // Rows that do not fill a fold are left over.
    const rows = Math.ceil((large + 1) / 2 / channels)
    tf.tidy(() => {
      const [x, dy] = [eighths([rows, 1, 1, channels], 3), eighths([rows, 1, 1, channels], 4)]
      const [gamma, beta] = [eighths([channels], 5), eighths([channels], 6)]
      const stats = tf.concat([tf.zeros([1, channels]), tf.ones([1, channels])], 0)
      const attrs = { epsilon: 0, activation: { name: 'relu' } }
      const [mean, variance] = [tf.zeros([channels]), tf.ones([channels])]
      const normalize = (input: tf.Tensor) =>
        kernel('BatchNormEval', { x: input, gamma, beta, mean, variance }, attrs)[0]!
      expectTwice(normalize(twice(x)), normalize(x))
      const gradient = (d: tf.Tensor, input: tf.Tensor) =>
        kernel('BatchNormTrainGrad', { dy: d, x: input, gamma, beta, stats }, attrs)[0]!
      expectTwice(gradient(twice(dy), twice(x)), gradient(dy, x))
    })
  })

  test.skipIf(!there || !hasNativePrecision('bf16'))('of a convolution in bf16', () => {
    nativePrecision('bf16')
    const before = nativeThreads()
    nativeThreads(2)
    tf.tidy(() => {
      const x = eighths([2, 128, 128, 16], 7) as tf.Tensor4D
      const filter = eighths([3, 3, 16, 64], 8) as tf.Tensor4D
      const convolve = (images: tf.Tensor) => tf.conv2d(images as tf.Tensor4D, filter, 1, 1)
      expectTwice(convolve(twice(x)), convolve(x))
    })
    nativeThreads(before)
    nativePrecision('float32')
  })
})
