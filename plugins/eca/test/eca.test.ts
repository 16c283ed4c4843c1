import { readFileSync } from 'node:fs'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'
import { applyEca, reachOf } from '../src/create-eca.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/eca.json', import.meta.url), 'utf8')) as {
  cases: { shape: [number, number, number, number]; y: number[]; dx: number[]; dweight: number[] }[]
  reach: [number, number][]
}

/** As in make_eca.py. */
const chirp = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))

test.each(golden.reach)('a gate of %i channels reads %i, as in timm', (channels, reach) => {
  expect(reachOf(channels)).toBe(reach)
})

describeOnEngines('eca', () => {
  test.each(golden.cases)('gives the numbers of timm for $shape', ({ shape, y, dx, dweight }) => {
    const size = y.length
    tf.tidy(() => {
      const weight = tf.tensor4d(chirp(dweight.length, 0.1), [1, dweight.length, 1, 1])
      const images = tf.tensor4d(chirp(size, 0.5), shape)
      const slope = tf.tensor4d(chirp(size, 0.6), shape)
      expect(applyEca(images, weight)).toBeAllClose(tf.tensor(y, shape))
      const [byImages, byWeight] = tf.grads((x, w) =>
        tf.sum(tf.mul(applyEca(x as tf.Tensor4D, w as tf.Tensor4D), slope)),
      )([images, weight])
      expect(byImages!).toBeAllClose(tf.tensor(dx, shape))
      expect(byWeight!).toBeAllClose(tf.tensor(dweight, weight.shape), { rtol: 1e-5, atol: 1e-5 })
    })
  })
})
