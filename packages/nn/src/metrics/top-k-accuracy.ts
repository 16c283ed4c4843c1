import { fail, type Metric, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { isShare } from './share.ts'

const options = {
  k: opt.integer({
    min: 1,
    default: 5,
    unit: 'scores',
    doc: 'A sample counts as correct when its class is among this many highest scores.',
  }),
}

/**
 * Share of samples for which fewer than `k` scores are above the score at the highest target.
 * @differs none from PyTorch's usual one but for ties, which count for the sample
 */
export function createTopKAccuracy(k: number): Metric {
  let right = 0
  let samples = 0
  return {
    name: `top${k}-accuracy`,
    better: 'higher',
    format: { style: 'percent' },
    possible: isShare,
    async update(scores, targets) {
      const above = tf.tidy(() => {
        const own = tf.sum(tf.mul(scores, tf.oneHot(tf.argMax(targets, 1), scores.shape[1])), 1, true)
        return tf.sum(tf.cast(tf.greater(scores, own), 'float32'), 1)
      })
      const values = await above.data()
      above.dispose()
      right += values.filter((rank) => rank < k).length
      samples += values.length
    },
    compute: () => right / samples,
    reset() {
      right = 0
      samples = 0
    },
    state: () => ({ right, samples }),
    restore(state) {
      const saved = state as { right: number; samples: number }
      right = saved.right
      samples = saved.samples
    },
  }
}

export const topKAccuracy: Component<'metric', typeof options> = {
  doc: 'The share of samples whose class is among the k highest scores.',
  options,
  create({ k }, { classes }) {
    if (k < classes.length) return createTopKAccuracy(k)
    return fail('E_OPTION_RANGE', {
      what: `top-k-accuracy: the right class is always among ${k} scores of ${classes.length} classes.`,
      expected: `k below ${classes.length}.`,
      received: `${k}.`,
      fix: 'lower `k`, or remove the metric.',
    })
  },
}
