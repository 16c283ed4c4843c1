/** Pools and their gradients, over two and three dimensions. */
import * as tf from '@tricklab/core/tf'
import { replaceKernel } from './register.ts'

type Shape4 = [number, number, number, number]
type Shape5 = [number, number, number, number, number]

function geometry2d(xShape: readonly number[], attrs: tf.MaxPoolAttrs, kind: 'max' | 'avg') {
  const info = tf.backend_util.computePool2DInfo(
    xShape as Shape4, attrs.filterSize, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode,
  ) // biome-ignore format: one line
  return {
    outShape: info.outShape,
    numbers: [
      info.batchSize, 1, info.inHeight, info.inWidth, info.inChannels, 1, info.filterHeight, info.filterWidth,
      1, info.strideHeight, info.strideWidth, 0, info.padInfo.top, info.padInfo.left, 1, info.outHeight, info.outWidth,
    ], // biome-ignore format: one line an object
    average: kind === 'avg' ? 1 : 0,
  }
}

function geometry3d(xShape: readonly number[], attrs: tf.MaxPool3DAttrs) {
  const info = tf.backend_util.computePool3DInfo(
    xShape as Shape5, attrs.filterSize, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode, 'NDHWC',
  ) // biome-ignore format: one line
  return [
    info.batchSize, info.inDepth, info.inHeight, info.inWidth, info.inChannels,
    info.filterDepth, info.filterHeight, info.filterWidth, info.strideDepth, info.strideHeight, info.strideWidth,
    info.padInfo.front, info.padInfo.top, info.padInfo.left, info.outDepth, info.outHeight, info.outWidth,
  ] // biome-ignore format: one line an object
}

/**
 * Registers MaxPool, AvgPool and their gradients. The stock MaxPoolGrad and MaxPool3DGrad lose the gradient of windows
 * without a positive value; the stock 1×1 pools ignore their stride.
 */
export function registerPools(): void {
  for (const kind of ['max', 'avg'] as const) {
    replaceKernel<tf.MaxPoolAttrs>(kind === 'max' ? 'MaxPool' : 'AvgPool', ({ inputs, attrs, module, stock }) => {
      const x = inputs.x!
      if (x.dtype !== 'float32') return stock()
      const { outShape, numbers, average } = geometry2d(x.shape, attrs, kind)
      const out = module.output(outShape)
      module.kernels.pool(average, module.address(x), ...numbers, module.address(out))
      return out
    })
    replaceKernel<tf.MaxPoolAttrs>(kind === 'max' ? 'MaxPoolGrad' : 'AvgPoolGrad', ({ inputs, attrs, module }) => {
      const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
      const { numbers, average } = geometry2d(input.shape, attrs, kind)
      const out = module.output(input.shape)
      module.kernels.poolGrad(average, module.address(dy), module.address(input), ...numbers, module.address(out))
      return out
    })
  }
  replaceKernel<tf.MaxPool3DGradAttrs>('MaxPool3DGrad', ({ inputs, attrs, module }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    const out = module.output(input.shape)
    const numbers = geometry3d(input.shape, attrs as tf.MaxPool3DAttrs)
    module.kernels.poolGrad(0, module.address(dy), module.address(input), ...numbers, module.address(out))
    return out
  })
}
