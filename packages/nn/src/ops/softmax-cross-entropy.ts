import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * `losses[n] = −Σ_k targets[n,k] · log softmax(logits[n])_k`; `residual = softmax(logits) · Σ_k targets − targets` is the
 * gradient with respect to the logits.
 */
export const fusedSoftmaxCrossEntropy = defineFused<
  { logits: tf.Tensor; targets: tf.Tensor },
  object,
  [losses: tf.Tensor, residual: tf.Tensor]
>('SoftmaxCrossEntropy', {
  composed({ logits, targets }) {
    const shifted = tf.sub(logits, tf.max(logits, 1, true))
    const logSoftmax = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)))
    const losses = tf.neg(tf.sum(tf.mul(targets, logSoftmax), 1))
    const residual = tf.sub(tf.mul(tf.exp(logSoftmax), tf.sum(targets, 1, true)), targets)
    return [losses, residual]
  },
  gradient: {
    outputsToSave: [false, true],
    gradFunc: (dys, [residual]) => {
      const [dlosses] = dys as tf.Tensor[]
      return { logits: () => tf.mul(tf.expandDims(dlosses!, 1), residual!) }
    },
  },
})

/**
 * Cross-entropy against soft targets, one loss per sample; differentiable with respect to the logits.
 *
 * `loss[n] = −Σ_k targets[n,k] · log softmax(logits[n])_k`
 * @shape `[N, K]`, `[N, K]` → `[N]`
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  return fusedSoftmaxCrossEntropy.run({ logits, targets }, {})[0] as tf.Tensor1D
}
