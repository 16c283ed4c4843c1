import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { gridOf } from './grid.ts'
import { sobel } from './kernels.ts'

/** One of the Sobel filters for every channel by itself: `[3, 3, C, 1]`. */
function depthwiseFilter(values: readonly number[], channels: number): tf.Tensor4D {
  return tf.tile(tf.tensor4d(values as number[], [3, 3, 1, 1]), [1, 1, channels, 1])
}

/** The adjoint of `fusedTwistedSlopes` for images of `height` × `width`. */
export const fusedTwistedSlopesGrad = defineFused<{ dz: tf.Tensor }, { stride: number; height: number; width: number }>(
  'TwistedSlopesGrad',
  {
    composed({ dz }, { stride, height, width }) {
      const [batch, rows, columns, parts] = dz.shape as tf.Tensor4D['shape']
      const channels = parts / 2
      const halves = tf.split(tf.reshape(dz, [-1, 2]), 2, 1)
      const [real, imaginary] = halves.map((half) => tf.reshape(half, [batch, rows, columns, channels])) as [
        tf.Tensor4D,
        tf.Tensor4D,
      ]
      const grid = gridOf(rows, columns, 1)
      const dp = tf.add(tf.mul(real, grid.x), tf.mul(imaginary, grid.y))
      const dq = tf.sub(tf.mul(imaginary, grid.x), tf.mul(real, grid.y))
      const spread = (dy: tf.Tensor, values: readonly number[]) =>
        tf.engine().runKernel('DepthwiseConv2dNativeBackpropInput', { dy, filter: depthwiseFilter(values, channels) }, {
          strides: [stride, stride],
          pad: 1,
          dilations: [1, 1],
          inputShape: [batch, height, width, channels],
        } as never) as tf.Tensor
      return [tf.add(spread(dp, sobel.x), spread(dq, sobel.y))]
    },
  },
)

/**
 * Sobel slopes of every channel, turned and scaled by the position of the pixel (ConvTwist). As complex numbers
 * `z[n,i,j,c] = (Dx∗x + i·Dy∗x) · (X + i·Y)` with `X = 2j/W' − 1`, `Y = 2i/H' − 1` on the output of height H' and width W',
 * `Dx = [−1 0 1; −2 0 2; −1 0 1]` and `Dy = [1 2 1; 0 0 0; −1 −2 −1]`, one zero around the image. Channel 2c of z is the
 * real part, 2c + 1 the imaginary one. Output size of an axis: `⌊(size − 1) / stride⌋ + 1`.
 */
export const fusedTwistedSlopes = defineFused<{ x: tf.Tensor }, { stride: number }>('TwistedSlopes', {
  composed({ x }, { stride }) {
    const images = x as tf.Tensor4D
    const channels = images.shape[3]
    const slope = (values: readonly number[]) =>
      tf.depthwiseConv2d(images, depthwiseFilter(values, channels), stride, 1)
    const [p, q] = [slope(sobel.x), slope(sobel.y)]
    const [batch, height, width] = p.shape
    const grid = gridOf(height, width, 1)
    const real = tf.sub(tf.mul(p, grid.x), tf.mul(q, grid.y))
    const imaginary = tf.add(tf.mul(q, grid.x), tf.mul(p, grid.y))
    const column = (part: tf.Tensor) => tf.reshape(part, [-1, 1])
    return [tf.reshape(tf.concat([column(real), column(imaginary)], 1), [batch, height, width, 2 * channels])]
  },
  gradient: {
    inputsToSave: ['x'],
    gradFunc: (dz, [x], attrs) => {
      const [, height, width] = x!.shape as tf.Tensor4D['shape']
      const { stride } = attrs as unknown as { stride: number }
      return { x: () => fusedTwistedSlopesGrad.run({ dz: dz as tf.Tensor }, { stride, height, width })[0] }
    },
  },
})

/**
 * Sobel slopes of every channel, turned and scaled by the position of the pixel; as complex numbers
 * `z = (Dx∗x + i·Dy∗x) · (X + i·Y)`. Channel 2c is the real part, 2c + 1 the imaginary one.
 *
 * With these a twist of two coefficients is a 1 × 1 convolution: a turned kernel has the same two slopes, swapped, so
 * `X·(Kx∗x) + Y·(Ky∗x) = Ax·Re z + Ay·Im z` for `Kx = Ax·Dx + Ay·Dy` and Ky its quarter turn.
 * @shape `[N, H, W, C]` → `[N, H', W', 2C]` with `H' = ⌊(H − 1) / stride⌋ + 1`
 */
export function twistedSlopes(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  return fusedTwistedSlopes.run({ x }, { stride })[0] as tf.Tensor4D
}
