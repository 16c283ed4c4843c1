import * as tf from '@tricklab/core/tf'

/**
 * Bilinear filtering with antialiasing: along each axis `y_i = Σ_j w_ij · x_j`, where `w_ij` falls linearly with the
 * distance of pixel j from the place of i, to 0 at one pixel of the smaller image, and `Σ_j w_ij = 1`. Two matrix
 * products. A new tensor.
 * @shape `[N, H, W, C]` → `[N, height, width, C]`, neither larger than before
 */
export function applyResize(images: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, rows, columns, channels] = images.shape
  return tf.tidy(() => {
    const down = tf.tensor2d(triangleWeights(rows, height), [height, rows])
    // Rows first: what is left to the second product is smaller. All images stand side by side.
    const standing = tf.reshape(tf.transpose(images, [1, 0, 2, 3]), [rows, batch * columns * channels])
    const flat = tf.reshape(tf.matMul(down, standing), [height * batch * columns, channels])
    const across = tf.tensor2d(triangleWeights(columns, width), [width, columns])
    const lying = tf.transpose(tf.reshape(flat, [height * batch, columns, channels]), [1, 0, 2])
    const resized = tf.matMul(across, tf.reshape(lying, [columns, height * batch * channels]))
    return tf.transpose(tf.reshape(resized, [width, height, batch, channels]), [2, 1, 0, 3])
  })
}

/** The weights of every pixel of a line for every pixel of a shorter one, row by row. */
function triangleWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from)
  const scale = from / to
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const row = Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - center) / scale))
    const sum = row.reduce((total, weight) => total + weight, 0)
    for (const [j, weight] of row.entries()) weights[i * from + j] = weight / sum
  }
  return weights
}
