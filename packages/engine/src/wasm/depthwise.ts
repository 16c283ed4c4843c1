/** Gradients that the stock backend lacks: depthwise convolution and gather. */
import * as tf from '@tricklab/core/tf'
import { replaceKernel } from './register.ts'

type DepthwiseAttrs = tf.DepthwiseConv2dNativeBackpropInputAttrs | tf.DepthwiseConv2dNativeBackpropFilterAttrs

function geometry(xShape: readonly number[], filterShape: readonly number[], attrs: DepthwiseAttrs) {
  const info = tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  )
  return [
    info.batchSize, info.inHeight, info.inWidth, info.inChannels, filterShape[3]!,
    info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth,
    info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left, info.outHeight, info.outWidth,
  ] // biome-ignore format: one line an object
}

/** Registers DepthwiseConv2dNativeBackpropInput and …Filter, and UnsortedSegmentSum. */
export function registerMissingGradients(): void {
  replaceKernel<tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    'DepthwiseConv2dNativeBackpropInput',
    ({ inputs, attrs, module }) => {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
      const out = module.output(attrs.inputShape)
      module.kernels.depthwiseInputGrad(
        module.address(dy),
        module.address(filter),
        ...geometry(attrs.inputShape, filter.shape, attrs),
        module.address(out),
      )
      return out
    },
  )
  replaceKernel<tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    'DepthwiseConv2dNativeBackpropFilter',
    ({ inputs, attrs, module }) => {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
      const out = module.output(attrs.filterShape)
      module.workspace(tf.util.sizeFromShape(attrs.filterShape) * 4, (workspace) => {
        module.kernels.depthwiseFilterGrad(
          module.address(x),
          module.address(dy),
          ...geometry(x.shape, attrs.filterShape, attrs),
          module.address(out),
          workspace,
        )
      })
      return out
    },
  )
  replaceKernel<tf.UnsortedSegmentSumAttrs>('UnsortedSegmentSum', ({ inputs, attrs, module, stock }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo }
    if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32') return stock()
    const count = tf.util.sizeFromShape(segmentIds.shape)
    const innerShape = x.shape.slice(segmentIds.shape.length)
    const out = module.output([attrs.numSegments, ...innerShape])
    module.kernels.segmentSum(
      module.address(x),
      module.address(segmentIds),
      count,
      tf.util.sizeFromShape(innerShape),
      attrs.numSegments,
      module.address(out),
    )
    return out
  })
}
