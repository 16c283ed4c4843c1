import type { Augmentation, Stream } from '@tricklab/core'
import type { ImageOperation, ImageSize, ImageTransform } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { operate } from './operate.ts'

/**
 * An augmentation of operations that are drawn for every image. As a recipe's first augmentation it runs in the decoding
 * threads; behind another one its images are rounded to bytes first.
 */
export function augmentByOperations(
  draw: (stream: Stream, input: ImageSize) => readonly ImageOperation[],
): Augmentation {
  const plan = (stream: Stream, batch: number, input: ImageSize): ImageTransform[] =>
    Array.from({ length: batch }, () => ({ operations: draw(stream, input) }))
  return {
    plan,
    apply(images, stream) {
      const [batch, height, width] = images.shape
      const transforms = plan(stream, batch, { width, height })
      return onBytes(images, (data, n) => operate({ data, width, height }, transforms[n]!.operations!))
    },
  }
}

/** Images in [0, 1] as bytes, one after the other through `change`, and back: a new tensor. */
export function onBytes(images: tf.Tensor4D, change: (data: Uint8Array, n: number) => ArrayLike<number>): tf.Tensor4D {
  const values = images.dataSync()
  const length = values.length / images.shape[0]
  const changed = new Float32Array(values.length)
  for (let n = 0; n < images.shape[0]; n++) {
    const bytes = Uint8ClampedArray.from(values.subarray(n * length, (n + 1) * length), (value) => 255 * value)
    changed.set(
      Float32Array.from(change(new Uint8Array(bytes.buffer), n), (value) => value / 255),
      n * length,
    )
  }
  return tf.tensor4d(changed, images.shape)
}
