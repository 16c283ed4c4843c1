import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/** A filter along both axes of an image, with subsampling. */
export interface BlurPoolAttrs {
  /** Along one axis; the filter is their outer product. */
  taps: number[]
  stride: number
  /** Positions read beyond the first and the last pixel: `[before, after]`, the same for both axes. */
  padding: number[]
  /** What stands there: `reflect` mirrors without repeating the border pixel (both paddings below the size), or 0. */
  border: 'reflect' | 'zero'
}

/** Size of an axis after the filter. */
export function blurredSize(size: number, { taps, stride, padding }: BlurPoolAttrs): number {
  return Math.floor((size + padding[0]! + padding[1]! - taps.length) / stride) + 1
}

/**
 * The filter along one axis as a matrix `[size', size]`, borders folded in. Its transpose is the adjoint.
 *
 * A product with it counts every pixel of a row where the filter needs a few, but runs as one matrix product: beside the
 * convolutions of a network either is small.
 */
function blurMatrix(size: number, attrs: BlurPoolAttrs): tf.Tensor3D {
  const { taps, stride, padding, border } = attrs
  const rows = blurredSize(size, attrs)
  const values = new Float32Array(rows * size)
  for (let row = 0; row < rows; row++) {
    for (const [tap, share] of taps.entries()) {
      const outside = row * stride + tap - padding[0]!
      const at = border === 'reflect' ? mirror(outside, size) : outside
      if (at >= 0 && at < size) values[row * size + at]! += share
    }
  }
  return tf.tensor3d(values, [1, rows, size])
}

/** −1 is 1 and `size` is `size − 2`: the border pixel itself is not repeated. */
function mirror(index: number, size: number): number {
  const inside = Math.abs(index)
  return inside < size ? inside : 2 * (size - 1) - inside
}

/** `left · image · rightᵀ` for every image and channel; transposed matrices where `adjoint`. */
function filterBoth(x: tf.Tensor, matrices: [tf.Tensor3D, tf.Tensor3D], adjoint: boolean): tf.Tensor {
  const [batch, height, width, channels] = x.shape as tf.Tensor4D['shape']
  const tall = tf.matMul(matrices[0], tf.reshape(x, [batch, height, width * channels]), adjoint)
  const rows = tall.shape[1]!
  const both = tf.matMul(matrices[1], tf.reshape(tall, [batch * rows, width, channels]), adjoint)
  return tf.reshape(both, [batch, rows, both.shape[1]!, channels])
}

/** The adjoint of `fusedBlurPool` for images of `height` × `width`: mirrored positions add to the pixels they mirror. */
export const fusedBlurPoolGrad = defineFused<{ dy: tf.Tensor }, BlurPoolAttrs & { height: number; width: number }>(
  'BlurPoolGrad',
  {
    composed: ({ dy }, { height, width, ...attrs }) => [
      filterBoth(dy, [blurMatrix(height, attrs), blurMatrix(width, attrs)], true),
    ],
  },
)

/**
 * Every channel filtered by itself, then subsampled:
 * `y[n,i,j,c] = Σ_a Σ_b taps[a]·taps[b]·x[n, stride·i + a − padding[0], stride·j + b − padding[0], c]`.
 * Output size of an axis: `⌊(size + padding[0] + padding[1] − taps) / stride⌋ + 1`.
 */
export const fusedBlurPool = defineFused<{ x: tf.Tensor }, BlurPoolAttrs>('BlurPool', {
  composed({ x }, attrs) {
    const [, height, width] = x.shape as tf.Tensor4D['shape']
    return [filterBoth(x, [blurMatrix(height, attrs), blurMatrix(width, attrs)], false)]
  },
})

/**
 * Depthwise filter with subsampling: `y[i, j] = Σ_a Σ_b taps[a] · taps[b] · x[stride·i + a − before, stride·j + b −
 * before]`, where positions outside are mirrored without repeating the border (`reflect`) or count as 0 (`zero`).
 *
 * The gradient is the true adjoint: what a mirrored position receives goes back to the pixel that it mirrors.
 * @shape `[N, H, W, C]` → `[N, H', W', C]` with `H' = ⌊(H + before + after − taps) / stride⌋ + 1`
 * @paper arXiv:1904.11486
 * @differs none; the gradient of TF.js's `mirrorPad` drops what the mirrored border received, so it is not used here
 */
export function blurPool(x: tf.Tensor4D, attrs: BlurPoolAttrs): tf.Tensor4D {
  const [, height, width] = x.shape
  const differentiable = tf.customGrad<tf.Tensor4D>((...parts) => ({
    value: fusedBlurPool.run({ x: parts[0] as tf.Tensor4D }, attrs)[0] as tf.Tensor4D,
    gradFunc: (dy: tf.Tensor4D) => fusedBlurPoolGrad.run({ dy }, { ...attrs, height, width })[0],
  }))
  return differentiable(x)
}
