import { definePlugin, type Loss, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { softmaxCrossEntropy } from '@tricklab/nn'
import manifest from '../package.json' with { type: 'json' }

/**
 * `loss = −1/N · Σ_n Σ_k t_k · (1 − p_k)^gamma · log p_k` with `p = softmax(scores)`.
 * @shape `[N, K]`, `[N, K]` → scalar
 * @paper arXiv:1708.02002
 */
function createFocal({ gamma }: { readonly gamma: number }): Loss {
  return {
    least: 0,
    apply(scores, targets) {
      if (gamma === 0) return tf.mean(softmaxCrossEntropy(scores, targets)) as tf.Scalar
      const logs = tf.logSoftmax(scores)
      // 1 − p as a power has an infinite slope at 0 for a gamma below 1.
      const rest = tf.maximum(tf.sub(1, tf.exp(logs)), smallest)
      const each = tf.mul(targets, tf.mul(tf.pow(rest, gamma), logs))
      return tf.neg(tf.mean(tf.sum(each, 1))) as tf.Scalar
    },
  }
}

/** Below the distance of 1 to its neighbour in float32: a rest that is not 0 is never smaller. */
const smallest = 2 ** -25

export default definePlugin({
  name: 'focal',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1708.02002',
  register: (on) =>
    on.loss('focal', {
      doc: 'The cross-entropy with less weight for images that are classified well already.',
      options: {
        gamma: opt.number({
          min: 0,
          default: 2,
          doc: 'How fast the weight falls: an image of probability p counts (1 − p)^gamma; 0 is cross-entropy.',
        }),
      },
      create: createFocal,
    }),
})
