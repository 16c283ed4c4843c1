import * as tf from '@tricklab/core/tf'

/**
 * Where the pixels of an output lie: `x = 2j/W − start`, `y = 2i/H − start`.
 *
 * From −1 the last pixel lies at 1 − 2/W, not at 1: the grid is not centred, in the source neither.
 * @shape x `[1, 1, W, 1]`, y `[1, H, 1, 1]`
 */
export function gridOf(height: number, width: number, start: 0 | 1): { x: tf.Tensor4D; y: tf.Tensor4D } {
  const places = (size: number) => Float32Array.from({ length: size }, (_, index) => (2 * index) / size - start)
  return { x: tf.tensor4d(places(width), [1, 1, width, 1]), y: tf.tensor4d(places(height), [1, height, 1, 1]) }
}
