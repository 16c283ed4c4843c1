import type { Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Box, boxMask } from '@tricklab/data/operations'

/** What stands in a rectangle. */
export type Fill = 'zero' | 'colour' | 'noise'

/**
 * Images with their rectangles filled: with 0, with one standard normal number for each channel of an image, or with one
 * for each value. New tensors.
 * @shape `[N, H, W, C]`, kept
 * @paper arXiv:1708.04896
 */
export function applyErasing(images: tf.Tensor4D, boxes: readonly Box[], fill: Fill, stream: Stream): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape
  const normals = (count: number) => Float32Array.from({ length: count }, () => stream.normal())
  return tf.tidy(() => {
    const mask = boxMask(boxes, images.shape)
    if (fill === 'zero') return tf.where(mask, tf.zerosLike(images), images)
    if (fill === 'colour') {
      const colours = tf.tensor4d(normals(batch * channels), [batch, 1, 1, channels])
      return tf.where(mask, tf.broadcastTo(colours, images.shape), images)
    }
    const noise = new Float32Array(images.size)
    for (const [n, box] of boxes.entries()) {
      for (let y = box.top; y < box.top + box.height; y++) {
        noise.set(normals(box.width * channels), ((n * height + y) * width + box.left) * channels)
      }
    }
    return tf.where(mask, tf.tensor4d(noise, images.shape), images)
  })
}
