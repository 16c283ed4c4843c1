import { defineFused, defineFusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { withGradient } from './with-gradient.ts'

/** `dx = y > 0 ? dy : 0`, where `y` is ReLU's output. */
export const fusedReluGrad = defineFused<{ dy: tf.Tensor; y: tf.Tensor }>('ReluGrad', {
  composed: ({ dy, y }) => [tf.mul(dy, tf.step(y))],
})

/** `y = relu(a + b)`, equal shapes. */
export const fusedAddRelu = defineFused<{ a: tf.Tensor; b: tf.Tensor }>('AddRelu', {
  composed: ({ a, b }) => [tf.relu(tf.add(a, b))],
  gradient: {
    outputsToSave: [true],
    gradFunc: (dy, [y]) => {
      const [dx] = fusedReluGrad.run({ dy: dy as tf.Tensor, y: y! }, {})
      // The tape disposes of a gradient when it adds another to it, so the two must not be one tensor.
      return { a: () => dx, b: () => tf.clone(dx) }
    },
  },
})

/** No activation. */
export const fusedLinear = defineFusedActivation({ name: 'linear', apply: (x) => x, gradient: (dy) => dy })

export const fusedRelu = defineFusedActivation({
  name: 'relu',
  apply: (x) => tf.relu(x),
  gradient: (dy, x) => tf.mul(dy, tf.step(x)),
})

/**
 * `y = max(x, 0)`. Keeps its output alone for the gradient; TF.js's own keeps the input and runs three kernels.
 * @shape any, kept
 */
export const relu = withGradient((x, save) => {
  const y = tf.relu(x)
  save([y])
  return { value: y, gradFunc: (dy, saved) => fusedReluGrad.run({ dy, y: saved[0]! }, {})[0] }
})

/**
 * `y = max(a + b, 0)`: the end of a residual block.
 * @shape two equal ones, kept
 */
export function addRelu<T extends tf.Tensor>(a: T, b: T): T {
  return fusedAddRelu.run({ a, b }, {})[0] as T
}
