import * as tf from '@tricklab/core/tf'

/** Which product comes first; equal but for rounding. */
export type Order = 'channels' | 'positions'

/**
 * The attention term `(X Xᵀ)(W X)` of every image, X its pixels as `[C, positions]`: no softmax, no scale.
 *
 * Images hold Xᵀ, so this computes the transpose: `(Xᵀ Wᵀ)(Xᵀᵀ Xᵀ)` by channels, `((Xᵀ Wᵀ) X) Xᵀ` by positions.
 * @shape x `[N, H, W, C]`, weight `[C, C]` (in, out: Wᵀ) → `[N, H, W, C]`
 */
export function selfAttention(x: tf.Tensor4D, weight: tf.Tensor2D, order: Order): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape
  const pixels = tf.reshape(x, [batch, height * width, channels]) as tf.Tensor3D
  const mapped = tf.reshape(tf.matMul(tf.reshape(x, [-1, channels]), weight), pixels.shape)
  const result =
    order === 'channels' ? tf.matMul(mapped, gram(pixels)) : tf.matMul(tf.matMul(mapped, pixels, false, true), pixels)
  return tf.reshape(result, x.shape)
}

/**
 * `X Xᵀ` of every image: symmetric, no eigenvalue below 0.
 * @shape `[N, positions, C]` → `[N, C, C]`
 */
export function gram(pixels: tf.Tensor3D): tf.Tensor3D {
  return tf.matMul(pixels, pixels, true, false)
}

/**
 * Multiply-accumulates of the term: 3C²N by channels, C²N + 2CN² by positions. By channels is cheaper from C positions on.
 */
export function attentionMacs(channels: number, positions: number, order: Order): number {
  const map = channels ** 2 * positions
  return order === 'channels' ? 3 * map : map + 2 * channels * positions ** 2
}
