import * as tf from '@tricklab/core/tf'

/** A rectangle in pixels; empty where width or height is 0. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * Whether a pixel lies in the rectangle of its image.
 * @param shape of the images, whose channels the mask has as well
 */
export function boxMask(boxes: readonly Box[], shape: readonly [number, number, number, number]): tf.Tensor4D {
  const [batch, height, width] = shape
  const inside = new Uint8Array(batch * height * width)
  for (const [n, box] of boxes.entries()) {
    for (let y = box.top; y < box.top + box.height; y++) {
      inside.fill(1, (n * height + y) * width + box.left, (n * height + y) * width + box.left + box.width)
    }
  }
  return tf.tidy(() => tf.broadcastTo(tf.tensor(inside, [batch, height, width, 1], 'bool'), [...shape]) as tf.Tensor4D)
}
