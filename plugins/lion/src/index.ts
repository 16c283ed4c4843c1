import { definePlugin, type Optimizer, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createMoments, decayOf } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const options = {
  learningRate: opt.number({
    min: 0,
    default: 1e-4,
    doc: 'Size of the step of every weight; the largest size when a schedule changes it.',
  }),
  beta1: opt.number({
    min: 0,
    below: 1,
    default: 0.9,
    doc: 'Share of the momentum in the direction of a step; a schedule may change it.',
  }),
  beta2: opt.number({ min: 0, below: 1, default: 0.99, doc: 'Share of the momentum that stays at every step.' }),
  weightDecay: opt.number({
    min: 0,
    default: 0,
    doc: 'Decoupled weight decay: every step shrinks the weights by the share learningRate · weightDecay.',
  }),
  decayNormAndBias: opt.boolean({
    default: true,
    doc: 'Whether weight decay also applies to biases, norms, learned scales and tokens.',
  }),
}

/**
 * `p ← p·(1 − lr·decay) − lr · sign(β1·m + (1−β1)·g)`; then `m ← β2·m + (1−β2)·g`.
 * @paper arXiv:2302.06675
 */
function createLion(values: OptionValues<typeof options>): Optimizer {
  const { beta1, beta2 } = values
  const moments = createMoments<'m'>()
  return {
    step(params, gradients, { learningRate, momentum = beta1 }) {
      for (const [index, param] of params.entries()) {
        const { path, value } = param
        const gradient = gradients[index]!
        const before = moments.get(path, 'm', value.shape)
        const mixed = (share: number) => tf.add(tf.mul(before, share), tf.mul(gradient, 1 - share))
        tf.tidy(() => {
          const decayed = tf.mul(value, 1 - learningRate * decayOf(param, values))
          value.assign(tf.sub(decayed, tf.mul(tf.sign(mixed(momentum)), learningRate)))
        })
        const next = tf.tidy(() => mixed(beta2))
        moments.set(path, 'm', next)
      }
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}

export default definePlugin({
  name: 'lion',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2302.06675',
  register: (on) =>
    on.optimizer('lion', {
      doc: 'Lion: every weight moves by the learning rate, in the direction of a momentum.',
      options,
      create: createLion,
    }),
})
