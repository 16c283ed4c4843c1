import * as tf from '@tricklab/core/tf'
import { describeOnEngines, images, reference, targetDistributions } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { expect, test } from 'vitest'

describeOnEngines('tests of my own', () => {
  test('a pool is the reference loop', () => {
    const shape = [2, 6, 4, 3] as const
    fc.assert(
      fc.property(images(2, [6, 4, 3]), (pixels) => {
        const pooled = tf.tidy(() => tf.avgPool(tf.tensor4d(pixels, [...shape]), 2, 2, 'valid'))
        const expected = reference.averagePool2d(reference.referenceArray(shape, pixels), {
          size: 2,
          stride: 2,
          padding: 0,
        })
        expect(pooled).toBeAllClose(expected)
        pooled.dispose()
      }),
      { numRuns: 20 },
    )
  })

  test('the mean of two targets is a target', () => {
    fc.assert(
      fc.property(targetDistributions(4, 3), targetDistributions(4, 3), (a, b) => {
        const sums = tf.tidy(() => tf.sum(tf.div(tf.add(tf.tensor2d(a), tf.tensor2d(b)), 2), 1))
        expect(sums).toBeAllClose([1, 1, 1, 1])
        sums.dispose()
      }),
      { numRuns: 20 },
    )
  })
})
