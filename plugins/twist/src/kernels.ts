import * as tf from '@tricklab/core/tf'

/** Rows of the Sobel filters: the slope to the right, and upwards. */
export const sobel = {
  x: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  y: [1, 2, 1, 0, 0, 0, -1, -2, -1],
} as const

/**
 * A kernel turned by 90°: transposed, then mirrored left to right, or top to bottom for the other direction of turning.
 * @shape `[k, k, C, D]`, kept
 */
export function quarterTurn(kernel: tf.Tensor4D, mirror: 'columns' | 'rows' = 'columns'): tf.Tensor4D {
  return tf.reverse(tf.transpose(kernel, [1, 0, 2, 3]), mirror === 'columns' ? 1 : 0)
}

/**
 * `(K − K turned by 180°) / 2`: what is left is a first derivative, 4 free numbers of 9.
 * @shape `[k, k, C, D]`, kept
 */
export function antisymmetric(kernel: tf.Tensor4D): tf.Tensor4D {
  return tf.div(tf.sub(kernel, tf.reverse(kernel, [0, 1])), 2)
}

/**
 * `Kx = Ax·Dx + Ay·Dy` of two coefficients a pair of channels, with the Sobel filters Dx and Dy.
 * @shape coefficients `[1, 1, 2C, D]`, row 2c for Ax and row 2c + 1 for Ay → `[3, 3, C, D]`
 */
export function slopeKernel(coefficients: tf.Tensor4D): tf.Tensor4D {
  const [, , rows, outputs] = coefficients.shape
  const pairs = tf.reshape(coefficients, [1, rows / 2, 2, outputs])
  const [x, y] = tf.split(pairs, 2, 2) as [tf.Tensor, tf.Tensor]
  const filter = (values: readonly number[]) => tf.tensor(values as number[], [9, 1, 1, 1])
  const kernel = tf.add(tf.mul(filter(sobel.x), x), tf.mul(filter(sobel.y), y))
  return tf.reshape(kernel, [3, 3, rows / 2, outputs])
}
