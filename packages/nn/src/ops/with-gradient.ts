import * as tf from '@tricklab/core/tf'

/** A function of one tensor whose gradient is written by hand; `save` keeps what the gradient needs. */
export function withGradient<T extends tf.Tensor>(
  compute: (
    x: T,
    save: (tensors: tf.Tensor[]) => void,
  ) => { value: T; gradFunc: (dy: T, saved: tf.Tensor[]) => tf.Tensor },
): (x: T) => T {
  const differentiable = tf.customGrad<T>((...parts) =>
    compute(parts[0] as T, parts[1] as unknown as (tensors: tf.Tensor[]) => void),
  )
  return (x) => differentiable(x)
}
