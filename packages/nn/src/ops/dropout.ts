import { defineFused, defineFusedGradient, dropoutHash, runFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * Inverted dropout: each element is zeroed with probability `rate`, the others are multiplied by `1 / (1 − rate)`.
 * The mask depends on `key` and the element's index alone, so it is the same on every engine.
 * @shape any, kept
 * @paper Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, key: number): T {
  return rate === 0 ? x : (runFused('Dropout', { x }, { rate, key })[0] as T)
}

defineFused('Dropout', ({ x }, { rate, key }) => {
  const threshold = rate * 2 ** 32
  const kept = 1 / (1 - rate)
  const mask = Float32Array.from({ length: x.size }, (_, index) => (dropoutHash(key, index) >= threshold ? kept : 0))
  return [tf.mul(x, tf.tensor(mask, x.shape))]
})

defineFusedGradient('Dropout', {
  // The map is linear and its mask can be drawn anew, so the gradient is the same kernel and nothing is kept.
  gradFunc: (dy, _saved, attrs) => ({
    x: () => runFused('Dropout', { x: dy as tf.Tensor }, attrs as unknown as { rate: number; key: number })[0],
  }),
})
