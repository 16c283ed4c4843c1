import type { NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/**
 * Gradients divided by as much as their common norm is above `limit`: `g · min(1, limit / (‖g‖ + 1e-6))`. New tensors.
 * @paper arXiv:1211.5063; as PyTorch's `clip_grad_norm_`
 */
export function clipNorm(gradients: readonly tf.Tensor[], limit: number): tf.Tensor[] {
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))
  const factor = tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)))
  return gradients.map((gradient) => tf.mul(gradient, factor))
}

/** Every number of every gradient kept within ±limit. New tensors. */
export function clipValue(gradients: readonly tf.Tensor[], limit: number): tf.Tensor[] {
  return gradients.map((gradient) => tf.clipByValue(gradient, -limit, limit))
}

/** A weight that is still at 0 counts as if its norm were this, or it could never leave 0. */
const smallest = 1e-3

/**
 * Adaptive clipping: for every output of a layer, the norm of the gradient is at most `limit` times the norm of the weights.
 * The last layer stays as it is. New tensors.
 *
 * A vector is one unit; of other parameters every index of the last axis is.
 * @paper arXiv:2102.06171
 */
export function clipAdaptively(
  params: readonly NamedParam[],
  gradients: readonly tf.Tensor[],
  limit: number,
): tf.Tensor[] {
  const last = layerOf(params.findLast(({ role }) => role === 'weight')?.path ?? '')
  return gradients.map((gradient, index) => {
    const { path, value } = params[index]!
    if (layerOf(path) === last) return tf.clone(gradient)
    const most = tf.mul(tf.maximum(unitNorm(value), smallest), limit)
    const norm = unitNorm(gradient)
    const clipped = tf.mul(gradient, tf.div(most, tf.maximum(norm, 1e-6)))
    return tf.where(tf.broadcastTo(tf.less(norm, most), gradient.shape), gradient, clipped)
  })
}

const layerOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

function unitNorm(x: tf.Tensor): tf.Tensor {
  const axes = x.rank < 2 ? undefined : x.shape.slice(0, -1).map((_, axis) => axis)
  return tf.sqrt(tf.sum(tf.square(x), axes, true))
}
