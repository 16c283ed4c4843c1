import { type Optimizer, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createMoments } from '@tricklab/optim'

export const options = {
  learningRate: opt.number({
    min: 0,
    default: 1e-3,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  momentum: opt.number({
    min: 0,
    below: 1,
    default: 0.9,
    doc: 'Decay rate of the running mean of gradients; a schedule may change it.',
  }),
}

/** The maths, which is pure: `m ← momentum · m + (1 − momentum) · g`, `p ← p − learningRate · sign(m)`. New tensors. */
export function applyMyTrick(
  { p, m, g }: { p: tf.Tensor; m: tf.Tensor; g: tf.Tensor },
  { learningRate, momentum }: { learningRate: number; momentum: number },
): { p: tf.Tensor; m: tf.Tensor } {
  return tf.tidy(() => {
    const mean = tf.add(tf.mul(m, momentum), tf.mul(g, 1 - momentum))
    return { p: tf.sub(p, tf.mul(tf.sign(mean), learningRate)), m: mean }
  })
}

/** Steps of one size in the direction of the mean gradient's sign. */
export function createMyTrick(values: OptionValues<typeof options>): Optimizer {
  const moments = createMoments<'m'>()
  return {
    step(params, gradients, { learningRate, momentum = values.momentum }) {
      for (const [index, { path, value }] of params.entries()) {
        const tensors = { p: value, m: moments.get(path, 'm', value.shape), g: gradients[index]! }
        const { p, m } = applyMyTrick(tensors, { learningRate, momentum })
        value.assign(p)
        p.dispose()
        moments.set(path, 'm', m)
      }
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}
