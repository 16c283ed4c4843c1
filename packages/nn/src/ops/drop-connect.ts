import type { Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** What each sample of a batch is multiplied by: 0 with probability `rate`, else `1 / (1 − rate)`. */
export function drawDropConnect(stream: Stream, batch: number, rate: number): Float32Array {
  return Float32Array.from({ length: batch }, () => (stream.uniform() < rate ? 0 : 1 / (1 - rate)))
}

/**
 * Multiplies every sample by its factor: a residual branch is dropped for whole samples. The factors have mean 1, so that
 * the branch keeps its expectation.
 * @shape x `[N, H, W, C]`, factors `[N]` → x's
 * @paper arXiv:1603.09382, stochastic depth; called drop-connect in EfficientNet's source
 * @differs from DropConnect (Wan et al. 2013), which drops single weights
 */
export function applyDropConnect(x: tf.Tensor4D, factors: Float32Array): tf.Tensor4D {
  return tf.mul(x, tf.tensor4d(factors, [factors.length, 1, 1, 1]))
}
