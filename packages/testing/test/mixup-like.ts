import { type Batch, type Callback, definePlugin, opt, type Rng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** What the broken versions of the callback change of the good one. */
export interface Breakage {
  readonly create?: (good: Callback, options: { alpha: number }, rng: Rng) => Callback
}

/** A small mixup, for testing the suite: every image is mixed with another of its batch, targets likewise. */
export function createMixupLike(create: Breakage['create'] = (good) => good) {
  return definePlugin({
    name: 'mixup-like',
    core: '^0.1.0',
    register: (on) =>
      on.callback('mixup-like', {
        doc: 'Mixes pairs of images.',
        stage: 'target',
        options: {
          alpha: opt.number({ min: 0, default: 0.4, unit: 'Beta shape', doc: 'Beta(alpha, alpha); 0 is off.' }),
        },
        create: ({ alpha }, { rng }) => create(mixup(alpha, rng), { alpha }, rng),
      }),
  })
}

/** Mixes, and counts its steps: a state that matters, for it turns itself off after 4. */
function mixup(alpha: number, rng: Rng): Callback {
  let steps = 0
  return {
    beforeBatch(batch) {
      if (!batch.training || alpha === 0) return
      steps += 1
      if (steps > 4) return
      return mix(batch, rng, alpha)
    },
    state: () => ({ steps }),
    restore(state) {
      ;({ steps } = state as { steps: number })
    },
  }
}

export function mix(batch: Batch, rng: Rng, alpha: number): Batch {
  const stream = rng.at('mix', batch.step)
  const order = tf.tensor1d(Int32Array.from(stream.permutation(batch.size)), 'int32')
  const share = stream.beta(alpha, alpha)
  const images = tf.tidy(() => blend(batch.images, tf.gather(batch.images, order), share))
  const targets = tf.tidy(() => blend(batch.targets, tf.gather(batch.targets, order), share))
  order.dispose()
  return { ...batch, images, targets }
}

function blend<T extends tf.Tensor>(a: T, b: T, share: number): T {
  return tf.add(tf.mul(a, share), tf.mul(b, 1 - share)) as T
}
