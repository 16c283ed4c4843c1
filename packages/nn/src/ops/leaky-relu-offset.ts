import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/** `dx = dy · (x > 0 ? 1 : alpha)`. */
export const fusedLeakyReluOffsetGrad = defineFused<{ dy: tf.Tensor; x: tf.Tensor }, { alpha: number }>(
  'LeakyReluOffsetGrad',
  { composed: ({ dy, x }, { alpha }) => [tf.mul(dy, tf.step(x, alpha))] },
)

/** `y = (x > 0 ? x : alpha · x) − offset`. */
export const fusedLeakyReluOffset = defineFused<{ x: tf.Tensor }, { alpha: number; offset: number }>(
  'LeakyReluOffset',
  {
    composed: ({ x }, { alpha, offset }) => [tf.sub(tf.leakyRelu(x, alpha), offset)],
    gradient: {
      inputsToSave: ['x'],
      gradFunc: (dy, [x], attrs) => ({
        x: () =>
          fusedLeakyReluOffsetGrad.run({ dy: dy as tf.Tensor, x: x! }, { alpha: attrs.alpha as unknown as number })[0],
      }),
    },
  },
)

/**
 * Leaky ReLU, lowered by an offset (slowai's GeneralReLU): `y = (x > 0 ? x : alpha · x) − offset`.
 * @shape any, kept
 */
export function leakyReluOffset<T extends tf.Tensor>(x: T, { alpha, offset }: { alpha: number; offset: number }): T {
  return fusedLeakyReluOffset.run({ x }, { alpha, offset })[0] as T
}
