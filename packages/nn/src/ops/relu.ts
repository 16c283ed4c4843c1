import { defineFused, defineFusedGradient, runFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { withGradient } from './with-gradient.ts'

/**
 * `y = max(x, 0)`. Keeps its output alone for the gradient; TF.js's own keeps the input and runs three kernels.
 * @shape any, kept
 */
export const relu = withGradient((x, save) => {
  const y = tf.relu(x)
  save([y])
  return { value: y, gradFunc: (dy, saved) => runFused('ReluGrad', { dy, y: saved[0]! }, {})[0] }
})

/**
 * `y = max(a + b, 0)`: the end of a residual block.
 * @shape two equal ones, kept
 */
export function addRelu<T extends tf.Tensor>(a: T, b: T): T {
  return runFused('AddRelu', { a, b }, {})[0] as T
}

defineFused('ReluGrad', ({ dy, y }) => [tf.mul(dy, tf.step(y))])

defineFused('AddRelu', ({ a, b }) => [tf.relu(tf.add(a, b))])

defineFusedGradient('AddRelu', {
  outputsToSave: [true],
  gradFunc: (dy, [y]) => {
    const [dx] = runFused('ReluGrad', { dy: dy as tf.Tensor, y: y! }, {})
    // The tape disposes of a gradient when it adds another to it, so the two must not be one tensor.
    return { a: () => dx, b: () => tf.clone(dx) }
  },
})
