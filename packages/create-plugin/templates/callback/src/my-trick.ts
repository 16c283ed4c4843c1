import type { Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** All that is random: one factor an image, uniform in 1 ± amount. */
export function drawMyTrick(stream: Stream, batch: number, amount: number): Float32Array {
  return Float32Array.from({ length: batch }, () => 1 + amount * (2 * stream.uniform() - 1))
}

/**
 * The maths, which is pure: every image times its factor. A new tensor.
 * @shape `[batch, height, width, channels]`, kept
 */
export function applyMyTrick(images: tf.Tensor4D, factors: Float32Array): tf.Tensor4D {
  return tf.tidy(() => tf.mul(images, tf.tensor4d(factors, [factors.length, 1, 1, 1])))
}
