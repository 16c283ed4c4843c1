import * as tf from '@tricklab/core/tf'
import { withGradient } from './with-gradient.ts'

/**
 * `y = x · σ(x)`, with σ(x) = 1 / (1 + e⁻ˣ); its slope is `σ(x) · (1 + x · (1 − σ(x)))`. Keeps x alone for the gradient.
 *
 * Smallest value −0.27846 at x = −1.27846.
 * @shape any, kept
 * @paper arXiv:1710.05941; as SiLU: arXiv:1606.08415, arXiv:1702.03118
 * @differs β is 1 and not learned, as in EfficientNet
 */
export const swish = withGradient((x, save) => {
  save([x])
  return {
    value: tf.mul(x, tf.sigmoid(x)),
    gradFunc: (dy, saved) => {
      const input = saved[0]!
      const gate = tf.sigmoid(input)
      return tf.mul(dy, tf.mul(gate, tf.add(tf.mul(input, tf.sub(1, gate)), 1)))
    },
  }
})
