import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createMultiSampleDropout } from '../src/create-head.ts'
import { meanOfSamples } from '../src/mean-of-samples.ts'

const context = { inputChannels: 6, outputChannels: 3, kernelSize: 1, stride: 1, activate: false }

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test('the gradient is that of the mean of the losses of all samples, for any targets', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 4 }), (seed, batch, count) => {
        tf.tidy(() => {
          const classes = 3
          const z = tf.mul(
            tf.tensor3d(drawImages(seed, batch, [count, classes, 1]), [batch, count, classes]),
            3,
          ) as tf.Tensor3D
          const targets = tf.softmax(tf.tensor2d(drawImages(seed + 1, batch, [1, classes, 1]), [batch, classes]))
          const loss = (scores: tf.Tensor, wanted: tf.Tensor) =>
            tf.neg(tf.mean(tf.sum(tf.mul(wanted, tf.logSoftmax(scores)), -1)))
          const own = tf.grad((x) => loss(meanOfSamples(x as tf.Tensor3D), targets))(z)
          const papers = tf.grad((x) => loss(x, tf.expandDims(targets, 1)))(z)
          expect(own).toBeAllClose(papers)
        })
      }),
      { numRuns: 20 },
    )
  })

  test('one sample without dropout is the linear head; evaluation drops nothing; a key fixes the masks', () => {
    const images = drawImages(1, 4, [2, 2, 6])
    const run = (options: { samples: number; rate: number }, training: boolean, key = 0) => {
      const block = createMultiSampleDropout(options, { ...context, init: createRng(1) })
      const scores = tf.tidy(() =>
        Array.from(block.apply(tf.tensor4d(images, [4, 2, 2, 6]), { training, rng: createRng(key) }).dataSync()),
      )
      block.dispose()
      return scores
    }
    const plain = run({ samples: 1, rate: 0 }, false)
    expect(run({ samples: 1, rate: 0 }, true)).toBeAllClose(plain)
    expect(run({ samples: 5, rate: 0.5 }, false)).toEqual(plain)
    expect(run({ samples: 5, rate: 0.5 }, true)).toEqual(run({ samples: 5, rate: 0.5 }, true))
    expect(run({ samples: 5, rate: 0.5 }, true)).not.toEqual(run({ samples: 5, rate: 0.5 }, true, 1))
    // The mean of many masks is near no mask at all: the deviation of a score falls with their root.
    const far = (samples: number) =>
      run({ samples, rate: 0.5 }, true).reduce((sum, score, index) => sum + (score - plain[index]!) ** 2, 0)
    expect(far(400)).toBeLessThan(far(1) / 20)
  })
})
