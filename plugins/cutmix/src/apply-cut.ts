import * as tf from '@tricklab/core/tf'
import { boxMask } from '@tricklab/data/operations'
import type { CutPlan } from './draw-cut.ts'

/**
 * `x̃_i = x_i` outside box i and `x_j` inside it, with `j = partners[i]`; `ỹ_i = λ·y_i + (1 − λ)·y_j`, where 1 − λ is the
 * share of pixels inside. New tensors.
 * @shape images `[N, H, W, C]`, targets `[N, K]`, both kept
 * @paper arXiv:1905.04899
 */
export function applyCut(
  images: tf.Tensor4D,
  targets: tf.Tensor2D,
  { partners, boxes }: CutPlan,
): { images: tf.Tensor4D; targets: tf.Tensor2D } {
  const [batch, height, width] = images.shape
  return tf.tidy(() => {
    const order = tf.tensor1d(Int32Array.from(partners), 'int32')
    const shares = boxes.map((box) => (box.width * box.height) / (width * height))
    const rest = tf.tensor2d(shares, [batch, 1])
    const step = tf.sub(tf.gather(targets, order), targets)
    return {
      images: tf.where(boxMask(boxes, images.shape), tf.gather(images, order), images),
      targets: tf.add(targets, tf.mul(step, rest)) as tf.Tensor2D,
    }
  })
}
