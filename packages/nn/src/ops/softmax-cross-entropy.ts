import { defineFused, defineFusedGradient, runFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * Cross-entropy against soft targets, one loss per sample; differentiable with respect to the logits.
 *
 * `loss[n] = −Σ_k targets[n,k] · log softmax(logits[n])_k`
 * @shape `[N, K]`, `[N, K]` → `[N]`
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  return runFused('SoftmaxCrossEntropy', { logits, targets }, {})[0] as tf.Tensor1D
}

defineFused('SoftmaxCrossEntropy', ({ logits, targets }) => {
  const shifted = tf.sub(logits, tf.max(logits, 1, true))
  const logSoftmax = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)))
  const losses = tf.neg(tf.sum(tf.mul(targets, logSoftmax), 1))
  const residual = tf.sub(tf.mul(tf.exp(logSoftmax), tf.sum(targets, 1, true)), targets)
  return [losses, residual]
})

defineFusedGradient('SoftmaxCrossEntropy', {
  outputsToSave: [false, true],
  gradFunc: (dys, [residual]) => {
    const [dlosses] = dys as tf.Tensor[]
    return { logits: () => tf.mul(tf.expandDims(dlosses!, 1), residual!) }
  },
})
