import { readFileSync } from 'node:fs'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generalizedMean } from '../src/create-gem-head.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/gem.json', import.meta.url), 'utf8')) as {
  power: number
  y: number[]
  dx: number[]
  dp: number[]
}[]

/** As in make_gem.py. */
const chirp = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))

describeOnEngines('the generalised mean', () => {
  test.each(golden)('gives the numbers of PyTorch for the power $power', ({ power, y, dx, dp }) => {
    tf.tidy(() => {
      const images = tf.tensor4d(chirp(72, 0.5), [2, 3, 4, 3])
      const slope = tf.tensor4d(chirp(6, 0.6), [2, 1, 1, 3])
      const near = { rtol: 1e-5, atol: 1e-5 }
      expect(generalizedMean(images, tf.tensor1d([power]))).toBeAllClose(tf.tensor(y, [2, 1, 1, 3]), near)
      const [byImages, byPower] = tf.grads((x, p) => tf.sum(tf.mul(generalizedMean(x as tf.Tensor4D, p), slope)))([
        images,
        tf.tensor1d([power]),
      ])
      expect(byImages!).toBeAllClose(tf.tensor(dx, images.shape), near)
      expect(byPower!).toBeAllClose(tf.tensor(dp), near)
    })
  })

  test('lies between the smallest and the largest value, and grows with the power', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.5, max: 5, noNaN: true }), (seed, power) => {
        const values = drawImages(seed, 1, [3, 3, 1]).map((value) => Math.abs(value) + 0.01)
        const mean = (p: number) =>
          tf.tidy(() => generalizedMean(tf.tensor4d(values, [1, 3, 3, 1]), tf.tensor1d([p])).dataSync()[0]!)
        // Exponentials and logarithms of float32, to the power and back.
        const slack = 1 + 1e-5
        expect(mean(power)).toBeLessThanOrEqual(Math.max(...values) * slack)
        expect(mean(power) * slack).toBeGreaterThanOrEqual(Math.min(...values))
        expect(mean(power + 0.5) * slack).toBeGreaterThanOrEqual(mean(power))
      }),
      { numRuns: 30 },
    )
  })
})
