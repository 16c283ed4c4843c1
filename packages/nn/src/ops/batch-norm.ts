import { defineFused, type FusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { fusedLinear } from './relu.ts'

export interface BatchNormOptions {
  readonly epsilon: number
  readonly activation: FusedActivation
}

/** One row per position, one column per channel: reductions then run over the first axis alone. */
function toRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1)!])
}

function inverseDeviation(variance: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.rsqrt(tf.add(variance, epsilon))
}

/**
 * Batch norm with given statistics (evaluation), then the activation; formula as `fusedBatchNormTrain`. No gradient.
 * Any rank, C last.
 */
export const fusedBatchNormEval = defineFused<
  { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  BatchNormOptions
>('BatchNormEval', {
  composed(inputs, { epsilon, activation }): [tf.Tensor] {
    if (activation !== fusedLinear) {
      return [activation.apply(fusedBatchNormEval.run(inputs, { epsilon, activation: fusedLinear })[0])]
    }
    const { x, gamma, beta, mean, variance } = inputs
    const scale = tf.mul(gamma, inverseDeviation(variance, epsilon))
    return [tf.reshape(tf.add(tf.mul(tf.sub(toRows(x), mean), scale), beta), x.shape)]
  },
})

/**
 * Gradient of `fusedBatchNormTrain`. With an activation, `dy` is first multiplied by its slope at what it is applied to,
 * made again.
 */
export const fusedBatchNormTrainGrad = defineFused<
  { dy: tf.Tensor; x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor; stats: tf.Tensor },
  BatchNormOptions,
  [dx: tf.Tensor, dgamma: tf.Tensor, dbeta: tf.Tensor]
>('BatchNormTrainGrad', {
  composed({ dy, x, gamma, beta, stats }, { epsilon, activation }): [tf.Tensor, tf.Tensor, tf.Tensor] {
    const [mean, variance] = tf.unstack(stats) as [tf.Tensor, tf.Tensor]
    const inverse = inverseDeviation(variance, epsilon)
    const normal = tf.mul(tf.sub(toRows(x), mean), inverse)
    const slopes = toRows(dy)
    if (activation !== fusedLinear) {
      const passed = activation.gradient(slopes, tf.add(tf.mul(normal, gamma), beta))
      const inputs = { dy: tf.reshape(passed, x.shape), x, gamma, beta, stats }
      return fusedBatchNormTrainGrad.run(inputs, { epsilon, activation: fusedLinear })
    }
    const dbeta = tf.sum(slopes, 0)
    const dgamma = tf.sum(tf.mul(slopes, normal), 0)
    const shared = tf.div(tf.add(dbeta, tf.mul(normal, dgamma)), slopes.shape[0])
    const dx = tf.mul(tf.sub(slopes, shared), tf.mul(gamma, inverse))
    return [tf.reshape(dx, x.shape), dgamma, dbeta]
  },
})

/**
 * Batch norm with batch statistics over all axes but the last, then the activation.
 * `y = act((x − mean) / sqrt(variance + epsilon) · gamma + beta)`; `stats` is `[2, C]`: row 0 the mean, row 1 the biased
 * variance of this batch. Any rank, C last.
 */
export const fusedBatchNormTrain = defineFused<
  { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor },
  BatchNormOptions,
  [y: tf.Tensor, stats: tf.Tensor]
>('BatchNormTrain', {
  composed(inputs, { epsilon, activation }): [tf.Tensor, tf.Tensor] {
    if (activation !== fusedLinear) {
      const [y, stats] = fusedBatchNormTrain.run(inputs, { epsilon, activation: fusedLinear })
      return [activation.apply(y), stats]
    }
    const { x, gamma, beta } = inputs
    const rows = toRows(x)
    const mean = tf.mean(rows, 0)
    // The second pass over centred values keeps the variance sound where the mean is large beside the deviation.
    const centered = tf.sub(rows, mean)
    const variance = tf.mean(tf.square(centered), 0)
    const scale = tf.mul(gamma, inverseDeviation(variance, epsilon))
    return [tf.reshape(tf.add(tf.mul(centered, scale), beta), x.shape), tf.stack([mean, variance])]
  },
  gradient: {
    inputsToSave: ['x', 'gamma', 'beta'],
    outputsToSave: [false, true],
    gradFunc: (dys, saved, attrs) => {
      const [dy] = dys as tf.Tensor[]
      const [x, gamma, beta, stats] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
      // Run once and here: a result made inside one of the functions below would be disposed of when that one returns.
      const [dx, dgamma, dbeta] = fusedBatchNormTrainGrad.run(
        { dy: dy!, x, gamma, beta, stats },
        attrs as unknown as BatchNormOptions,
      )
      return { x: () => dx, gamma: () => dgamma, beta: () => dbeta }
    },
  },
})

/**
 * Running statistics after a training batch (PyTorch's): `mean ← (1 − momentum)·mean + momentum·stats[0]` and
 * `variance ← (1 − momentum)·variance + momentum·correction·stats[1]`. `correction` is n/(n−1): the running variance
 * is the unbiased one.
 */
export const fusedBatchNormRunning = defineFused<
  { stats: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  { momentum: number; correction: number },
  [mean: tf.Tensor, variance: tf.Tensor]
>('BatchNormRunning', {
  composed({ stats, mean, variance }, { momentum, correction }) {
    const [batchMean, batchVariance] = tf.unstack(stats) as [tf.Tensor, tf.Tensor]
    return [
      tf.add(tf.mul(mean, 1 - momentum), tf.mul(batchMean, momentum)),
      tf.add(tf.mul(variance, 1 - momentum), tf.mul(batchVariance, momentum * correction)),
    ]
  },
})

/**
 * Batch norm with the statistics of this batch, over all axes but the last, then the activation.
 *
 * `y = act((x − mean) / sqrt(variance + epsilon) · gamma + beta)`. `stats` is `[2, C]`: the mean and the biased
 * variance; it is for running averages and is not differentiated.
 * @shape x `[…, C]`, gamma and beta `[C]` → y `[…, C]`, stats `[2, C]`
 * @paper arXiv:1502.03167
 */
export function batchNormTrain<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon, activation }: BatchNormOptions,
): { y: T; stats: tf.Tensor } {
  const [y, stats] = fusedBatchNormTrain.run({ x, gamma, beta }, { epsilon, activation })
  return { y: y as T, stats }
}

/**
 * Batch norm with given statistics, then the activation; the formula of `batchNormTrain`. Has no gradient.
 * @shape x `[…, C]`, the rest `[C]` → `[…, C]`
 */
export function batchNormEval<T extends tf.Tensor>(
  x: T,
  params: { gamma: tf.Tensor; beta: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  { epsilon, activation }: BatchNormOptions,
): T {
  return fusedBatchNormEval.run({ x, ...params }, { epsilon, activation })[0] as T
}
