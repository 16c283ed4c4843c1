import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/**
 * Inverted dropout from a counter-based generator: element i is kept when `dropoutHash(key, i) ≥ rate · 2³²`, and then
 * multiplied by `1 / (1 − rate)`. All engines draw the same mask.
 */
export const fusedDropout = defineFused<{ x: tf.Tensor }, { rate: number; key: number }>('Dropout', {
  composed({ x }, { rate, key }) {
    const threshold = rate * 2 ** 32
    const kept = 1 / (1 - rate)
    const mask = Float32Array.from({ length: x.size }, (_, index) => (dropoutHash(key, index) >= threshold ? kept : 0))
    return [tf.mul(x, tf.tensor(mask, x.shape))]
  },
  gradient: {
    // The map is linear and its mask can be drawn anew, so the gradient is the same kernel and nothing is kept.
    gradFunc: (dy, _saved, attrs) => ({
      x: (): tf.Tensor =>
        fusedDropout.run({ x: dy as tf.Tensor }, attrs as unknown as { rate: number; key: number })[0],
    }),
  },
})

/**
 * Inverted dropout: each element is zeroed with probability `rate`, the others are multiplied by `1 / (1 − rate)`.
 * The mask depends on `key` and the element's index alone, so it is the same on every engine.
 * @shape any, kept
 * @paper Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, key: number): T {
  return rate === 0 ? x : (fusedDropout.run({ x }, { rate, key })[0] as T)
}

/** 32-bit counter-based hash: element `index` under `key`; the same on every engine. */
export function dropoutHash(key: number, index: number): number {
  // Two rounds of a xorshift-multiply mixer; the key enters before each, so neighbouring keys give unrelated masks.
  let z = (index ^ key) >>> 0
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  z = (z ^ (z >>> 16)) + Math.imul(key, 0x9e3779b9)
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  return (z ^ (z >>> 16)) >>> 0
}
