import * as tf from '@tricklab/core/tf'

/** Estimates of the first singular vectors of W, `[C]` each: u its left one, v its right one. */
export interface SingularVectors {
  readonly u: tf.Tensor1D
  readonly v: tf.Tensor1D
}

/**
 * One step of power iteration: `v ← Wᵀu / |Wᵀu|`, then `u ← Wv / |Wv|`. New tensors.
 * @shape weight `[in, out]`, that is Wᵀ
 * @paper arXiv:1802.05957
 */
export function iteratePower(weight: tf.Tensor2D, { u }: Pick<SingularVectors, 'u'>): SingularVectors {
  const v = normalize(tf.dot(weight, u) as tf.Tensor1D)
  return { v, u: normalize(tf.dot(v, weight) as tf.Tensor1D) }
}

/**
 * `W / σ` with `σ = uᵀ W v`. Vectors count as constants in the gradient: `∂σ/∂W = u vᵀ`.
 * @shape weight `[in, out]`, that is Wᵀ; kept
 * @paper arXiv:1802.05957
 * @differs none; as PyTorch's hook, one step a training forward from random vectors
 */
export function normalizeSpectrum(weight: tf.Tensor2D, { u, v }: SingularVectors): tf.Tensor2D {
  return tf.div(weight, tf.dot(tf.dot(v, weight), u))
}

function normalize(vector: tf.Tensor1D): tf.Tensor1D {
  return tf.div(vector, tf.maximum(tf.sqrt(tf.sum(tf.square(vector))), 1e-12))
}
