import { defineFused, defineFusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * With a = e^min(x, 0) and b = e^−max(x, 0), neither of which can overflow, eˣ = a/b, so
 * `tanh(softplus(x)) = a(a + 2b) / d` and `σ(x)(1 − tanh²) = 4ab²(a + b) / d²`, where `d = a² + 2ab + 2b²`.
 * Nothing is subtracted, so small values keep their digits.
 */
function termsOf(x: tf.Tensor) {
  const a = tf.exp(tf.minimum(x, 0))
  const b = tf.exp(tf.neg(tf.maximum(x, 0)))
  const product = tf.mul(a, tf.add(a, tf.mul(b, 2)))
  const denominator = tf.add(product, tf.mul(tf.square(b), 2))
  return { a, b, denominator, tanh: tf.div(product, denominator) }
}

/** `dx = dy · (t + x · σ(x) · (1 − t²))` with `t = tanh(log(1 + eˣ))`. */
export const fusedMishGrad = defineFused<{ dy: tf.Tensor; x: tf.Tensor }>('MishGrad', {
  composed({ dy, x }) {
    const { a, b, denominator, tanh } = termsOf(x)
    const slope = tf.div(tf.mul(tf.mul(tf.mul(a, tf.square(b)), 4), tf.add(a, b)), tf.square(denominator))
    return [tf.mul(dy, tf.add(tanh, tf.mul(x, slope)))]
  },
})

/** `y = x · tanh(log(1 + eˣ))`; finite for every finite x. */
export const fusedMish = defineFused<{ x: tf.Tensor }>('Mish', {
  composed: ({ x }) => [tf.mul(x, termsOf(x).tanh)],
  gradient: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => fusedMishGrad.run({ dy: dy as tf.Tensor, x: x! }, {})[0] }),
  },
})

/** Mish behind a batch norm: engines that know it apply it in the same pass. */
export const mishActivation = defineFusedActivation({
  name: 'mish',
  apply: (x) => fusedMish.run({ x }, {})[0],
  gradient: (dy, x) => fusedMishGrad.run({ dy, x }, {})[0],
})

/**
 * `y = x · tanh(softplus(x))`, softplus(x) = log(1 + eˣ); one kernel forward, one backward, which keeps x alone.
 *
 * Smallest value −0.30884 at x = −1.19241; y/x → 1 for large x, y → 0 for small.
 * @shape any, kept
 * @paper arXiv:1908.08681
 * @differs none
 */
export function mish<T extends tf.Tensor>(x: T): T {
  return fusedMish.run({ x }, {})[0] as T
}
