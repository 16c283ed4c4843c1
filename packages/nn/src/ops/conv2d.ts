import * as tf from '@tricklab/core/tf'

/** The same number of zeros on every side, or `[top, bottom, left, right]`. */
export type Padding = number | readonly [top: number, bottom: number, left: number, right: number]

/**
 * Convolution with explicit zero padding, as PyTorch's.
 * @shape x `[N, H, W, C]`, filter `[kh, kw, C, D]` → `[N, H', W', D]` with `H' = ⌊(H + padding − kh) / stride⌋ + 1`
 * @differs TensorFlow's "same" puts the odd zero below and to the right; PyTorch's `padding = k // 2` is symmetric,
 *   which shifts the sampling grid of a stride-2 convolution by one pixel.
 */
export function conv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride, padding }: { stride: number; padding: Padding },
): tf.Tensor4D {
  if (typeof padding === 'number') return tf.conv2d(x, filter, stride, padding)
  const [top, bottom, left, right] = padding
  return tf.conv2d(x, filter, stride, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ])
}
