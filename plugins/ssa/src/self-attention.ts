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
  const { pixels, mapped } = mapPixels(x, weight)
  const result =
    order === 'channels' ? tf.matMul(mapped, gram(pixels)) : tf.matMul(tf.matMul(mapped, pixels, false, true), pixels)
  return tf.reshape(result, x.shape)
}

/**
 * How much every position takes up of every other: `Xᵀ W X`, a row for each position that takes. Without a softmax a
 * weight may be of any size, and below 0. The attention term is this times the pixels, whichever product comes first.
 * @shape x `[N, H, W, C]`, weight `[C, C]` (in, out: Wᵀ) → `[N, positions, positions]`
 */
export function attentionMap(x: tf.Tensor4D, weight: tf.Tensor2D): tf.Tensor3D {
  const { pixels, mapped } = mapPixels(x, weight)
  return tf.matMul(mapped, pixels, false, true)
}

/** The pixels of every image as a matrix, and the same through W. */
function mapPixels(x: tf.Tensor4D, weight: tf.Tensor2D): { pixels: tf.Tensor3D; mapped: tf.Tensor3D } {
  const [batch, height, width, channels] = x.shape
  const pixels = tf.reshape(x, [batch, height * width, channels]) as tf.Tensor3D
  const mapped = tf.reshape(tf.matMul(tf.reshape(x, [-1, channels]), weight), pixels.shape) as tf.Tensor3D
  return { pixels, mapped }
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
