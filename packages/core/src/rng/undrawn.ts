import type { Rng, Stream } from './index.ts'

const still: Stream = {
  uniform: () => 0.5,
  integer: () => 0,
  normal: () => 0,
  gamma: () => 1,
  beta: () => 0.5,
  permutation: (length) => Uint32Array.from({ length }, (_, index) => index),
}

/** Draws nothing: for networks whose shapes are asked for and not their weights, which take long to draw. */
export const undrawn: Rng = { at: () => still, scope: () => undrawn }
