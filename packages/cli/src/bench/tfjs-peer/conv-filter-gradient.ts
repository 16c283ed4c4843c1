import * as tf from '@tricklab/core/tf'

/** How the missing kernel was filled in, for those who read the figures. */
export const filterGradientNote =
  'the wasm backend lacks Conv2DBackpropFilter; filled in as one conv2d of transposed tensors, the faster of the ' +
  'known ways'

/**
 * The one kernel that the stock wasm backend lacks for these networks to train at all, composed of its own kernels.
 *
 * The gradient of a filter is a convolution: of the images, their channels taken for the batch, with the output's
 * gradient, its batch taken for the channels and the stride for the dilation. It runs on the backend's fast convolution.
 * The other known way, a slice and a matrix product for every place of the filter, took 1.1 to 20 times as long on the
 * layers of the benchmarked networks.
 */
export function fillInConvFilterGradient(): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as unknown as { x: tf.Tensor4D; dy: tf.Tensor4D }
      const { strides, pad, filterShape, dimRoundingMode } = attrs as unknown as tf.Conv2DBackpropFilterAttrs
      const filter = filterShape as [number, number, number, number]
      const { padInfo, strideHeight, strideWidth } = tf.backend_util.computeConv2DInfo(
        x.shape,
        filter,
        strides,
        1,
        pad,
        dimRoundingMode,
      )
      return tf.tidy(() => {
        const padded = tf.pad(x, [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ])
        const images = tf.transpose(padded, [3, 1, 2, 0]) as tf.Tensor4D
        const kernel = tf.transpose(dy, [1, 2, 0, 3]) as tf.Tensor4D
        const gradient = tf.conv2d(images, kernel, 1, 'valid', 'NHWC', [strideHeight, strideWidth])
        // Rows and columns that no window reached give places beyond the filter.
        const [height, width, inputs, outputs] = filter
        const own = tf.slice(gradient, [0, 0, 0, 0], [inputs, height, width, outputs])
        return tf.transpose(own, [1, 2, 0, 3])
      })
    },
  })
}
