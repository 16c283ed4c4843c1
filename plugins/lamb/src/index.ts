import { definePlugin, type Optimizer, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createMoments, decayOf } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const options = {
  learningRate: opt.number({
    min: 0,
    default: 1e-3,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  beta1: opt.number({
    min: 0,
    below: 1,
    default: 0.9,
    doc: 'Decay rate of the running mean of gradients; a schedule may change it.',
  }),
  beta2: opt.number({ min: 0, below: 1, default: 0.999, doc: 'Decay rate of the running mean of squared gradients.' }),
  epsilon: opt.number({
    above: 0,
    default: 1e-6,
    doc: 'Small number added to the root of the mean square, against division by 0.',
  }),
  weightDecay: opt.number({
    min: 0,
    default: 0.01,
    doc: 'Weight decay: the weight times this number is added to the direction of its step.',
  }),
  decayNormAndBias: opt.boolean({
    default: true,
    doc: 'Whether weight decay also applies to biases, norms, learned scales and tokens.',
  }),
  maxGradientNorm: opt.number({
    min: 0,
    default: 1,
    doc: 'Gradients are divided by as much as their common norm is above this number; 0 leaves them as they are.',
  }),
}

/**
 * With `g` the gradients divided by `max(1, ‖all g‖ / maxGradientNorm)`, `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²` and
 * `u = (m/(1−β1^t)) / (√(v/(1−β2^t)) + epsilon) + decay·p`:
 * `p ← p − lr · r · u`, where `r = ‖p‖/‖u‖` for parameters that are decayed, and 1 for others and where a norm is 0.
 * @paper arXiv:1904.00962
 */
function createLamb(values: OptionValues<typeof options>): Optimizer {
  const { beta1, beta2, epsilon, maxGradientNorm } = values
  const moments = createMoments<'m' | 'v'>()
  return {
    // The norm is that of all gradients, whatever rates their parameters have.
    together: true,
    step(params, gradients, { learningRate, momentum = beta1 }, step) {
      const shrink = tf.tidy(() => {
        if (maxGradientNorm === 0) return tf.scalar(1)
        const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))
        return tf.maximum(1, tf.div(norm, maxGradientNorm))
      })
      for (const [index, param] of params.entries()) {
        const { path, value, learningRate: own = 1 } = param
        const decay = decayOf(param, values)
        const [m, v] = tf.tidy(() => {
          const gradient = tf.div(gradients[index]!, shrink)
          const mean = tf.add(tf.mul(moments.get(path, 'm', value.shape), momentum), tf.mul(gradient, 1 - momentum))
          const before = tf.mul(moments.get(path, 'v', value.shape), beta2)
          return [mean, tf.add(before, tf.mul(tf.square(gradient), 1 - beta2))]
        })
        tf.tidy(() => {
          const deviation = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** step)), epsilon)
          const direction = tf.add(tf.div(tf.div(m, 1 - momentum ** step), deviation), tf.mul(value, decay))
          const trust = decay === 0 ? 1 : trustIn(value, direction)
          value.assign(tf.sub(value, tf.mul(direction, tf.mul(trust, learningRate * own))))
        })
        moments.set(path, 'm', m)
        moments.set(path, 'v', v)
      }
      shrink.dispose()
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}

/** The norm of the weights divided by that of the step; 1 where one of them is 0. */
function trustIn(weights: tf.Tensor, direction: tf.Tensor): tf.Tensor {
  const [own, way] = [tf.norm(weights), tf.norm(direction)]
  const sound = tf.logicalAnd(tf.greater(own, 0), tf.greater(way, 0))
  return tf.where(sound, tf.div(own, way), tf.onesLike(own))
}

export default definePlugin({
  name: 'lamb',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1904.00962',
  register: (on) =>
    on.optimizer('lamb', {
      doc: 'LAMB: Adam whose steps are scaled for each parameter by the norm of its weights.',
      options,
      create: createLamb,
    }),
})
