import * as tf from '@tricklab/core/tf'

// As far as float32 tells a value from 0 and 1.
const margin = 1e-7

/**
 * Brightness and contrast in logit space, so that black stays black and nothing leaves [0, 1]:
 * sigmoid(contrast · (logit(x) + shift)).
 * @param shifts an image: 0 changes nothing
 * @param contrasts an image: 1 changes nothing
 */
export function applyLighting(
  images: tf.Tensor4D,
  shifts: readonly number[],
  contrasts: readonly number[],
): tf.Tensor4D {
  return tf.tidy(() => {
    const each = (values: readonly number[]) => tf.tensor4d([...values], [values.length, 1, 1, 1])
    const x = tf.clipByValue(images, margin, 1 - margin)
    const logit = tf.log(tf.div(x, tf.sub(1, x)))
    return tf.sigmoid(tf.mul(tf.add(logit, each(shifts)), each(contrasts))) as tf.Tensor4D
  })
}
