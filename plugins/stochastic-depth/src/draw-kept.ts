import type { Stream } from '@tricklab/core'

/** By what the branch of every image is multiplied: 0 for a share `rate` of them, `1 / (1 − rate)` for the others. */
export function drawKept(stream: Stream, batch: number, rate: number): Float32Array {
  return Float32Array.from({ length: batch }, () => (stream.uniform() < rate ? 0 : 1 / (1 - rate)))
}
