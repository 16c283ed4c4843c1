import type { Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** The rows or columns that stay, in order: a random set of ⌊(1 − share) · size⌋, at least one. */
export function drawKept(stream: Stream, size: number, share: number): Int32Array {
  const count = Math.max(1, Math.floor((1 - share) * size))
  return Int32Array.from(stream.permutation(size).subarray(0, count)).sort()
}

/**
 * The images without the rows and columns that do not stay. New tensors.
 * @shape `[N, H, W, C]` → `[N, rows, columns, C]`
 */
export function applyColOut(images: tf.Tensor4D, rows: Int32Array, columns: Int32Array): tf.Tensor4D {
  return tf.tidy(() => tf.gather(tf.gather(images, tf.tensor1d(rows, 'int32'), 1), tf.tensor1d(columns, 'int32'), 2))
}
