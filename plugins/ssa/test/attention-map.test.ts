import { createRegistry, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { drawImages } from '@tricklab/testing'
import { beforeAll, expect, test } from 'vitest'
import ssa, { attentionMap, type SelfAttentionBlock } from '../src/index.ts'
import { selfAttention } from '../src/self-attention.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** `Σ_c Σ_d x[q, c] · Wᵀ[c, d] · x[i, d]` in plain loops. */
function reference(x: number[][], weight: number[][]): number[][] {
  return x.map((q) =>
    x.map((i) => q.reduce((sum, a, c) => sum + a * i.reduce((inner, b, d) => inner + weight[c]![d]! * b, 0), 0)),
  )
}

test('the map is what each position takes up of every other', () => {
  const pixels = [
    [1, 2],
    [3, 4],
    [-1, 0.5],
  ]
  const x = tf.tensor4d(pixels.flat(), [1, 1, 3, 2])
  const weight = tf.tensor2d([2, -1, 0.5, 3], [2, 2])
  const expected = reference(pixels, weight.arraySync())
  expect(attentionMap(x, weight).arraySync()).toEqual([expected])
})

test('the map times the pixels is the attention term, by either order', () => {
  const images = tf.tensor4d(drawImages(7, 2, [3, 4, 3]), [2, 3, 4, 3])
  const weight = tf.tensor2d([0.3, -0.2, 0.1, 0.7, 0.4, -0.5, 0.2, 0.6, -0.1], [3, 3])
  const taken = tf.matMul(attentionMap(images, weight), tf.reshape(images, [2, 12, 3])).dataSync()
  for (const order of ['channels', 'positions'] as const) {
    const term = selfAttention(images, weight, order).dataSync()
    taken.forEach((value, index) => {
      expect(value).toBeCloseTo(term[index]!, 4)
    })
  }
})

test('a block shows the map of its own weight: with γ = 1 its output is the image and the map times the pixels', () => {
  const registry = createRegistry([ssa])
  const { use } = registry.normalize('block', 'ssa', 'test')
  const ends = { inputChannels: 3, outputChannels: 3, stride: 1, kernelSize: 1, activate: false }
  const block = registry.create('block', use, { ...ends, init: createRng(1) }) as SelfAttentionBlock
  const before = tf.memory().numTensors
  tf.tidy(() => {
    const images = tf.tensor4d(drawImages(3, 1, [4, 4, 3]), [1, 4, 4, 3])
    listParams(block.params)
      .find(({ path }) => path === 'gamma')!
      .value.assign(tf.tensor1d([1]))
    const pixels = tf.reshape(images, [1, 16, 3])
    const expected = tf.add(pixels, tf.matMul(block.attentionMap(images), pixels)).dataSync()
    const output = block.apply(images, { training: false, rng: createRng(1) }).dataSync()
    // The two orders of multiplication differ by rounding, at the size of the largest.
    const size = Math.max(...expected.map(Math.abs))
    expected.forEach((value, index) => {
      expect(Math.abs(output[index]! - value)).toBeLessThan(1e-5 * size)
    })
  })
  expect(tf.memory().numTensors).toBe(before)
  block.dispose()
})
