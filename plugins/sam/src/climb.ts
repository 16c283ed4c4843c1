import * as tf from '@tricklab/core/tf'

/**
 * How far up the weights are moved: `e = rho · g / ‖g‖` with the norm over all parameters together; where it is adaptive
 * `e = rho · w²·g / ‖|w|·g‖`. New tensors.
 * @paper arXiv:2010.01412; adaptive: arXiv:2102.11600
 */
export function climb(
  weights: readonly tf.Tensor[],
  gradients: readonly tf.Tensor[],
  { rho, adaptive }: { readonly rho: number; readonly adaptive: boolean },
): tf.Tensor[] {
  return tf.tidy(() => {
    const scaled = gradients.map((gradient, i) => (adaptive ? tf.mul(tf.abs(weights[i]!), gradient) : gradient))
    const norm = tf.sqrt(tf.addN(scaled.map((gradient) => tf.sum(tf.square(gradient)))))
    const length = tf.div(rho, tf.add(norm, 1e-12))
    return scaled.map((gradient, i) => tf.mul(adaptive ? tf.mul(gradient, tf.abs(weights[i]!)) : gradient, length))
  })
}
