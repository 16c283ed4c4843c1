import { readFileSync } from 'node:fs'
import { createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStandardizedConv, standardize } from '../src/create-standardized-conv.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/standardized.json', import.meta.url), 'utf8')) as {
  groups: number
  stride: number
  kernelSize: number
  shape: [number, number, number, number]
  y: number[]
  dx: number[]
  dweight: number[]
}[]

/** As in make_standardized.py. */
const chirp = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))

describeOnEngines('a standardised convolution', () => {
  test.each(golden)('gives the numbers of timm: $groups groups, stride $stride, $kernelSize × $kernelSize', (one) => {
    const { groups, stride, kernelSize, shape, y, dx, dweight } = one
    const block = createStandardizedConv(
      { epsilon: 1e-6 },
      {
        ...{ inputChannels: 4, outputChannels: 6, kernelSize, stride, activate: false },
        offers: { groups },
        init: createRng(1),
      },
    )
    const weight = listParams(block.params)[0]!.value
    const near = { rtol: 2e-5, atol: 2e-5 }
    tf.tidy(() => {
      weight.assign(tf.tensor(chirp(weight.size, 0.1), weight.shape))
      const images = tf.variable(tf.tensor4d(chirp(160, 0.5), [2, 5, 4, 4]))
      const apply = () => block.apply(images, { training: true, rng: createRng(0) })
      expect(apply()).toBeAllClose(tf.tensor(y, shape), near)
      const slope = tf.tensor4d(chirp(y.length, 0.6), shape)
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(apply(), slope)) as tf.Scalar)
      expect(grads[images.name]!).toBeAllClose(tf.tensor(dx, images.shape), near)
      expect(grads[weight.name]!).toBeAllClose(tf.tensor(dweight, weight.shape), near)
      images.dispose()
    })
    block.dispose()
  })

  test('does not change when the weights of an output channel are moved and multiplied', () => {
    const numbers = {
      shift: fc.double({ min: -1, max: 1, noNaN: true }),
      factor: fc.double({ min: 0.5, max: 4, noNaN: true }),
    }
    fc.assert(
      fc.property(seeds, fc.record(numbers), (seed, { shift, factor }) => {
        tf.tidy(() => {
          const weight = tf.tensor4d(drawImages(seed, 3, [3, 4, 2]), [3, 3, 4, 2])
          const moved = tf.add(tf.mul(weight, factor), shift) as tf.Tensor4D
          // ε beside variances that differ by the square of the factor: ε relative to a variance of drawn images.
          expect(standardize(moved, 1e-9)).toBeAllClose(standardize(weight, 1e-9), { rtol: 1e-3, atol: 1e-3 })
        })
      }),
      { numRuns: 30 },
    )
  })
})
