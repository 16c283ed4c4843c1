import { definePlugin, type Loss, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { softmaxCrossEntropy } from '@tricklab/nn'
import manifest from '../package.json' with { type: 'json' }

/**
 * Poly-1: `loss = 1/N · Σ_n [H(t, p) + epsilon · (1 − Σ_k t_k p_k)]` with `p = softmax(scores)` and cross-entropy H.
 * @shape `[N, K]`, `[N, K]` → scalar
 * @paper arXiv:2204.12511
 */
function createPoly({ epsilon }: { readonly epsilon: number }): Loss {
  return {
    // Of every class t·(−log p − (1 − p)) at least, which is not below 0.
    least: 0,
    apply(scores, targets) {
      const entropy = softmaxCrossEntropy(scores, targets)
      const right = tf.sum(tf.mul(tf.softmax(scores), targets), 1)
      return tf.mean(tf.add(entropy, tf.mul(tf.sub(1, right), epsilon))) as tf.Scalar
    },
  }
}

export default definePlugin({
  name: 'poly',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2204.12511',
  register: (on) =>
    on.loss('poly', {
      doc: 'The cross-entropy with another weight of the first term of its series in 1 − p.',
      options: {
        epsilon: opt.number({
          min: -1,
          default: 1,
          doc: 'Weight that is added to the first term; 0 is cross-entropy.',
        }),
      },
      create: createPoly,
    }),
})
