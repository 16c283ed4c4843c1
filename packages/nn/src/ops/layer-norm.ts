import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

const meanOverChannels = (x: tf.Tensor) => tf.mean(x, x.rank - 1, true)
const sumOverPositions = (x: tf.Tensor) => tf.sum(tf.reshape(x, [-1, x.shape.at(-1)!]), 0)

/** Gradient of `fusedLayerNorm`. */
export const fusedLayerNormGrad = defineFused<
  { dy: tf.Tensor; x: tf.Tensor; gamma: tf.Tensor; mean: tf.Tensor; inverse: tf.Tensor },
  object,
  [dx: tf.Tensor, dgamma: tf.Tensor, dbeta: tf.Tensor]
>('LayerNormGrad', {
  composed({ dy, x, gamma, mean, inverse }) {
    const normal = tf.mul(tf.sub(x, mean), inverse)
    const slopes = tf.mul(dy, gamma)
    const shared = tf.add(meanOverChannels(slopes), tf.mul(normal, meanOverChannels(tf.mul(slopes, normal))))
    return [tf.mul(tf.sub(slopes, shared), inverse), sumOverPositions(tf.mul(dy, normal)), sumOverPositions(dy)]
  },
})

/**
 * `y = (x − mean) · inverse · gamma + beta` with `inverse = 1 / sqrt(variance + epsilon)` over the last axis. Mean and inverse
 * have the shape of x with a last axis of 1.
 */
export const fusedLayerNorm = defineFused<
  { x: tf.Tensor; gamma: tf.Tensor; beta: tf.Tensor },
  { epsilon: number },
  [y: tf.Tensor, mean: tf.Tensor, inverse: tf.Tensor]
>('LayerNorm', {
  composed({ x, gamma, beta }, { epsilon }) {
    const mean = meanOverChannels(x)
    // The second pass over centred values keeps the variance sound where the mean is large beside the deviation.
    const centered = tf.sub(x, mean)
    const inverse = tf.rsqrt(tf.add(meanOverChannels(tf.square(centered)), epsilon))
    return [tf.add(tf.mul(tf.mul(centered, inverse), gamma), beta), mean, inverse]
  },
  gradient: {
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, saved) => {
      const [dy] = dys as tf.Tensor[]
      const [x, gamma, mean, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
      // Run once and here: a result made inside one of the functions below would be disposed of when that one returns.
      const [dx, dgamma, dbeta] = fusedLayerNormGrad.run({ dy: dy!, x, gamma, mean, inverse }, {})
      return { x: () => dx, gamma: () => dgamma, beta: () => dbeta }
    },
  },
})

/**
 * Layer norm over channels, at every position by itself: `y = (x − mean) / √(variance + epsilon) · gamma + beta`, with the
 * biased variance. One kernel forward, one backward.
 * @shape x `[…, C]`, such as `[N, H, W, C]` or `[N, T, C]`; gamma and beta `[C]` → x's
 * @paper arXiv:1607.06450
 * @differs over channels alone, as in transformers and ConvNeXt; the paper's networks have no positions
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon = 1e-5 }: { readonly epsilon?: number } = {},
): T {
  return fusedLayerNorm.run({ x, gamma, beta }, { epsilon })[0] as T
}
