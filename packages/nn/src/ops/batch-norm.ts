import { defineFused, defineFusedGradient, type FusedActivation, runFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
// The kernels of the activation.
import './mish.ts'

export interface BatchNormOptions {
  readonly epsilon: number
  readonly activation: FusedActivation
}

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
  const [y, stats] = runFused('BatchNormTrain', { x, gamma, beta }, { epsilon, activation })
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
  return runFused('BatchNormEval', { x, ...params }, { epsilon, activation })[0] as T
}

/** One row per position, one column per channel: reductions then run over the first axis alone. */
function toRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1)!])
}

function activate(x: tf.Tensor, activation: FusedActivation): tf.Tensor {
  if (activation === 'mish') return runFused('Mish', { x }, {})[0]
  return activation === 'relu' ? tf.relu(x) : x
}

/** What of `dy` passes the activation, applied to `x`. */
function passed(dy: tf.Tensor, x: () => tf.Tensor, activation: FusedActivation): tf.Tensor {
  if (activation === 'mish') return runFused('MishGrad', { dy, x: x() }, {})[0]
  return activation === 'relu' ? tf.mul(dy, tf.step(x())) : dy
}

function inverseDeviation(variance: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.rsqrt(tf.add(variance, epsilon))
}

defineFused('BatchNormTrain', ({ x, gamma, beta }, { epsilon, activation }) => {
  const rows = toRows(x)
  const mean = tf.mean(rows, 0)
  // The second pass over centred values keeps the variance sound where the mean is large beside the deviation.
  const centered = tf.sub(rows, mean)
  const variance = tf.mean(tf.square(centered), 0)
  const scale = tf.mul(gamma, inverseDeviation(variance, epsilon))
  const y = activate(tf.add(tf.mul(centered, scale), beta), activation)
  return [tf.reshape(y, x.shape), tf.stack([mean, variance])]
})

defineFused('BatchNormTrainGrad', ({ dy, x, gamma, beta, stats }, { epsilon, activation }) => {
  const [mean, variance] = tf.unstack(stats) as [tf.Tensor, tf.Tensor]
  const inverse = inverseDeviation(variance, epsilon)
  const normal = tf.mul(tf.sub(toRows(x), mean), inverse)
  const rows = toRows(dy)
  const slopes = passed(rows, () => tf.add(tf.mul(normal, gamma), beta), activation)
  const dbeta = tf.sum(slopes, 0)
  const dgamma = tf.sum(tf.mul(slopes, normal), 0)
  const shared = tf.div(tf.add(dbeta, tf.mul(normal, dgamma)), rows.shape[0])
  const dx = tf.mul(tf.sub(slopes, shared), tf.mul(gamma, inverse))
  return [tf.reshape(dx, x.shape), dgamma, dbeta]
})

defineFused('BatchNormEval', ({ x, gamma, beta, mean, variance }, { epsilon, activation }) => {
  const scale = tf.mul(gamma, inverseDeviation(variance, epsilon))
  const y = activate(tf.add(tf.mul(tf.sub(toRows(x), mean), scale), beta), activation)
  return [tf.reshape(y, x.shape)]
})

defineFused('BatchNormRunning', ({ stats, mean, variance }, { momentum, correction }) => {
  const [batchMean, batchVariance] = tf.unstack(stats) as [tf.Tensor, tf.Tensor]
  return [
    tf.add(tf.mul(mean, 1 - momentum), tf.mul(batchMean, momentum)),
    tf.add(tf.mul(variance, 1 - momentum), tf.mul(batchVariance, momentum * correction)),
  ]
})

defineFusedGradient('BatchNormTrain', {
  inputsToSave: ['x', 'gamma', 'beta'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [dy] = dys as tf.Tensor[]
    const [x, gamma, beta, stats] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    // Run once and here: a result made inside one of the functions below would be disposed of when that one returns.
    const [dx, dgamma, dbeta] = runFused(
      'BatchNormTrainGrad',
      { dy: dy!, x, gamma, beta, stats },
      attrs as unknown as BatchNormOptions,
    )
    return { x: () => dx, gamma: () => dgamma, beta: () => dbeta }
  },
})
