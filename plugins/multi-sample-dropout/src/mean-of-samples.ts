import * as tf from '@tricklab/core/tf'

/**
 * Mean over the dropout samples z_m of every image, with the gradient of the paper's loss, the mean of the samples' cross
 * entropies, and not of the cross-entropy of the mean. The two differ by `mean_m lse(z_m) − lse(mean_m z_m)`, lse the log of
 * the sum of exponentials, whatever the targets: its gradient is added here, over the mean of the batch.
 * @shape `[N, M, K]` → `[N, K]`
 */
export const meanOfSamples = tf.customGrad<tf.Tensor2D>((...parts) => {
  const samples = parts[0] as unknown as tf.Tensor3D
  const save = parts[1] as unknown as (tensors: tf.Tensor[]) => void
  const mean = tf.mean(samples, 1) as tf.Tensor2D
  save([samples, mean])
  return {
    value: mean,
    gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
      const [z, average] = saved as [tf.Tensor3D, tf.Tensor2D]
      const [batch, count] = z.shape
      const apart = tf.sub(tf.softmax(z), tf.expandDims(tf.softmax(average), 1))
      return tf.div(tf.add(tf.expandDims(dy, 1), tf.div(apart, batch)), count)
    },
  }
}) as unknown as (samples: tf.Tensor3D) => tf.Tensor2D
