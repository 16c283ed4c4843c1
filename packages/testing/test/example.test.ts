import { definePlugin, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { callbackContract } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'

/** `targets · (1 − amount) + amount / classes` */
function applySmoothing(targets: tf.Tensor2D, amount: number): tf.Tensor2D {
  return tf.tidy(() => tf.add(tf.mul(targets, 1 - amount), amount / targets.shape[1]))
}

const smoothing = definePlugin({
  name: 'smoothing',
  core: '^0.1.0',
  register: (on) =>
    on.callback('smoothing', {
      doc: 'Label smoothing.',
      stage: 'target',
      options: {
        amount: opt.number({ min: 0, below: 1, default: 0.1, doc: 'Share spread over all classes; 0 is off.' }),
      },
      create: ({ amount }) => ({
        beforeBatch(batch) {
          if (!batch.training || amount === 0) return
          return { ...batch, targets: applySmoothing(batch.targets, amount) }
        },
      }),
    }),
})

callbackContract({ plugin: smoothing, name: 'smoothing', options: [{}, { amount: 0.5 }], off: { amount: 0 } })

test('a share of each target goes to all classes', () => {
  expect(applySmoothing(tf.tensor2d([[0, 1, 0, 0]]), 0.2)).toBeAllClose([[0.05, 0.85, 0.05, 0.05]])
})
