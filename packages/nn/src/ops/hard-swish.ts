import * as tf from '@tricklab/core/tf'
import { withGradient } from './with-gradient.ts'

/** 1 between −3 and 3, where the gate rises. */
const rises = (x: tf.Tensor) => tf.step(tf.sub(3, tf.abs(x)))

const gateOf = (x: tf.Tensor) => tf.div(tf.relu6(tf.add(x, 3)), 6)

/**
 * `y = min(max(x + 3, 0), 6) / 6`: a sigmoid of three straight lines. Keeps x alone.
 * @shape any, kept
 * @paper arXiv:1511.00363
 * @differs slope ⅙ and not ⅕, as in MobileNetV3 and PyTorch
 */
export const hardSigmoid = withGradient((x, save) => {
  save([x])
  return { value: gateOf(x), gradFunc: (dy, [x]) => tf.div(tf.mul(dy, rises(x!)), 6) }
})

/**
 * `y = x · hardSigmoid(x)`. Keeps x alone.
 *
 * Smallest value −⅜ at x = −1.5.
 * @shape any, kept
 * @paper arXiv:1905.02244
 * @differs none
 */
export const hardSwish = withGradient((x, save) => {
  save([x])
  return {
    value: tf.mul(x, gateOf(x)),
    gradFunc: (dy, [x]) => tf.mul(dy, tf.add(gateOf(x!), tf.div(tf.mul(x!, rises(x!)), 6))),
  }
})
