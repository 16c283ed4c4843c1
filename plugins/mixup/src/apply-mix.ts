import * as tf from '@tricklab/core/tf'
import type { MixPlan } from './draw-mix.ts'

/**
 * `x̃_i = λ_i · x_i + (1 − λ_i) · x_j` with `j = partners[i]`, and the same for the targets. New tensors.
 *
 * Cross-entropy against the mixed target is `λ · CE(y_i) + (1 − λ) · CE(y_j)`, for it is linear in the target.
 * @shape images `[N, H, W, C]`, targets `[N, K]`, both kept
 * @paper arXiv:1710.09412
 * @differs as fastai: a share for each image instead of one a batch, and the larger part is always the image's own
 */
export function applyMix(
  images: tf.Tensor4D,
  targets: tf.Tensor2D,
  { partners, shares }: MixPlan,
): { images: tf.Tensor4D; targets: tf.Tensor2D } {
  return tf.tidy(() => {
    const order = tf.tensor1d(Int32Array.from(partners), 'int32')
    const rest = tf.sub(1, tf.tensor1d(shares))
    // x + (1 − λ)(x' − x): exactly x where λ is 1.
    const mix = <T extends tf.Tensor>(x: T): T => {
      const step = tf.sub(tf.gather(x, order), x)
      return tf.add(x, tf.mul(step, tf.reshape(rest, [-1, ...Array<number>(x.rank - 1).fill(1)])))
    }
    return { images: mix(images), targets: mix(targets) }
  })
}
