import * as tf from '@tricklab/core/tf'
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
  const inside = new Uint8Array(batch * height * width)
  for (const [n, box] of boxes.entries()) {
    for (let y = box.top; y < box.top + box.height; y++) {
      inside.fill(1, (n * height + y) * width + box.left, (n * height + y) * width + box.left + box.width)
    }
  }
  return tf.tidy(() => {
    const order = tf.tensor1d(Int32Array.from(partners), 'int32')
    const mask = tf.tensor(inside, [batch, height, width, 1], 'bool')
    const shares = boxes.map((box) => (box.width * box.height) / (width * height))
    const rest = tf.tensor2d(shares, [batch, 1])
    const step = tf.sub(tf.gather(targets, order), targets)
    return {
      images: tf.where(tf.broadcastTo(mask, images.shape), tf.gather(images, order), images) as tf.Tensor4D,
      targets: tf.add(targets, tf.mul(step, rest)) as tf.Tensor2D,
    }
  })
}
