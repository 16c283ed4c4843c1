import { defineFused, defineFusedGradient, runFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * Leaky ReLU, lowered by an offset (slowai's GeneralReLU): `y = (x > 0 ? x : alpha · x) − offset`.
 * @shape any, kept
 */
export function leakyReluOffset<T extends tf.Tensor>(x: T, { alpha, offset }: { alpha: number; offset: number }): T {
  return runFused('LeakyReluOffset', { x }, { alpha, offset })[0] as T
}

defineFused('LeakyReluOffset', ({ x }, { alpha, offset }) => [tf.sub(tf.leakyRelu(x, alpha), offset)])

defineFused('LeakyReluOffsetGrad', ({ dy, x }, { alpha }) => [tf.mul(dy, tf.step(x, alpha))])

defineFusedGradient('LeakyReluOffset', {
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () =>
      runFused('LeakyReluOffsetGrad', { dy: dy as tf.Tensor, x: x! }, { alpha: attrs.alpha as unknown as number })[0],
  }),
})
