import type * as tf from '@tricklab/core/tf'

/** Whether every tensor that is there is float32: what our kernels serve. */
export const isFloat = (...tensors: (tf.TensorInfo | undefined)[]): boolean =>
  tensors.every((tensor) => tensor == null || tensor.dtype === 'float32')
