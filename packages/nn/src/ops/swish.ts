import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/** `dx = dy · σ(x) · (1 + x · (1 − σ(x)))`. */
export const fusedSwishGrad = defineFused<{ dy: tf.Tensor; x: tf.Tensor }>('SwishGrad', {
  composed({ dy, x }) {
    const gate = tf.sigmoid(x)
    return [tf.mul(dy, tf.mul(gate, tf.add(tf.mul(x, tf.sub(1, gate)), 1)))]
  },
})

/** `y = x · σ(x)`. */
export const fusedSwish = defineFused<{ x: tf.Tensor }>('Swish', {
  composed: ({ x }) => [tf.mul(x, tf.sigmoid(x))],
  gradient: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => fusedSwishGrad.run({ dy: dy as tf.Tensor, x: x! }, {})[0] }),
  },
})

/**
 * `y = x · σ(x)`, with σ(x) = 1 / (1 + e⁻ˣ); its slope is `σ(x) · (1 + x · (1 − σ(x)))`. One kernel forward, one backward,
 * which keeps x alone.
 *
 * Smallest value −0.27846 at x = −1.27846.
 * @shape any, kept
 * @paper arXiv:1710.05941; as SiLU: arXiv:1606.08415, arXiv:1702.03118
 * @differs β is 1 and not learned, as in EfficientNet
 */
export function swish<T extends tf.Tensor>(x: T): T {
  return fusedSwish.run({ x }, {})[0] as T
}
