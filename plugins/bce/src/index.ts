import { definePlugin, type Loss, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import manifest from '../package.json' with { type: 'json' }

const options = {
  threshold: opt.number({
    min: 0,
    max: 1,
    default: 0.2,
    doc: 'Targets above this number become 1 and all others 0, after mixing and smoothing; 1 leaves targets as they are.',
  }),
  sum: opt.boolean({
    default: false,
    doc: 'Whether the losses of the classes are added up instead of averaged, as in timm with `--bce-sum`.',
  }),
}

/**
 * `loss = 1/N · Σ_n mean_k [max(s, 0) − s·t + log(1 + e^−|s|)]`: the binary cross-entropy of every class, which no
 * exponential can overflow. `t` is 1 where the target is above the threshold and 0 elsewhere.
 * @shape `[N, K]`, `[N, K]` → scalar
 * @paper arXiv:2110.00476
 */
function createBce({ threshold, sum }: { readonly threshold: number; readonly sum: boolean }): Loss {
  return {
    least: 0,
    apply(scores, targets) {
      const goal = threshold === 1 ? targets : tf.cast(tf.greater(targets, threshold), 'float32')
      const tail = tf.log1p(tf.exp(tf.neg(tf.abs(scores))))
      const each = tf.add(tf.sub(tf.relu(scores), tf.mul(scores, goal)), tail)
      const whole = tf.mean(each) as tf.Scalar
      return sum ? tf.mul(whole, scores.shape[1]) : whole
    },
  }
}

export default definePlugin({
  name: 'bce',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2110.00476',
  register: (on) =>
    on.loss('bce', {
      doc: 'The mean binary cross-entropy: each class is a question of its own, answered with yes or no.',
      options,
      create: createBce,
    }),
})
