import * as tf from '@tricklab/core/tf'

/**
 * The maths, which is pure: `x / (1 + sharpness · |x|)`.
 * @shape any, kept
 */
export function applyMyTrick(x: tf.Tensor4D, sharpness: number): tf.Tensor4D {
  return tf.div(x, tf.add(tf.mul(tf.abs(x), sharpness), 1))
}
