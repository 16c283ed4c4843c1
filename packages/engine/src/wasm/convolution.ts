/** Convolutions and their gradients: products of patches with filters, part by part. */
import * as tf from '@tricklab/core/tf'
import { isFloat } from './conv/is-float.ts'
import { type ConvInfo, forwardPart, type Image, inputGradientParts, type Part } from './conv/parts.ts'
import { multiplyPatches, multiplyTransposedPatches } from './conv/product.ts'
import type { KernelModule } from './module.ts'
import { replaceKernel } from './register.ts'

type ConvAttrs = Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'>

/** Registers the convolutions. */
export function registerConvolutions(): void {
  replaceKernel<tf.Conv2DAttrs>('Conv2D', ({ inputs, attrs, module, stock }) => {
    const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo }
    if (attrs.dataFormat !== 'NHWC' || !isFloat(x, filter)) return stock()
    return forward(module, x, filter, infoOf(x.shape, filter.shape, attrs, attrs.dilations))
  })

  replaceKernel<tf.FusedConv2DAttrs>('FusedConv2D', ({ inputs, attrs, module, stock }) => {
    const { x, filter, bias, preluActivationWeights } = inputs as {
      x: tf.TensorInfo
      filter: tf.TensorInfo
      bias?: tf.TensorInfo
      preluActivationWeights?: tf.TensorInfo
    }
    const ours =
      attrs.dataFormat === 'NHWC' &&
      isFloat(x, filter, bias) &&
      preluActivationWeights == null &&
      (attrs.activation === 'linear' || attrs.activation === 'relu') &&
      (bias == null || tf.util.sizeFromShape(bias.shape) === filter.shape[3])
    if (!ours) return stock()
    const info = infoOf(x.shape, filter.shape, attrs, attrs.dilations)
    const after = { ...(bias == null ? {} : { bias: module.address(bias) }), relu: attrs.activation === 'relu' }
    return forward(module, x, filter, info, after)
  })

  replaceKernel<tf.Conv2DBackpropInputAttrs>('Conv2DBackpropInput', ({ inputs, attrs, module, stock }) => {
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
    if (attrs.dataFormat !== 'NHWC' || !isFloat(dy, filter)) return stock()
    return inputGradient(module, dy, filter, infoOf(attrs.inputShape, filter.shape, attrs))
  })

  replaceKernel<tf.Conv2DBackpropFilterAttrs>('Conv2DBackpropFilter', ({ inputs, attrs, module, stock }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
    if (attrs.dataFormat !== 'NHWC' || !isFloat(x, dy)) return stock()
    const info = infoOf(x.shape, attrs.filterShape, attrs)
    const out = module.output(attrs.filterShape)
    const [from, by] = [inputOf(info, module.address(x)), outputOf(info, module.address(dy))]
    multiplyTransposedPatches(module, from, forwardPart(info), by, module.address(out))
    return out
  })
}

function forward(
  module: KernelModule,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
  after: { readonly bias?: number; readonly relu?: boolean } = {},
): tf.TensorInfo {
  const out = module.output(info.outShape)
  if (tf.util.sizeFromShape(info.outShape) === 0) return out
  const columns = info.outChannels
  const pack = (to: number, part: Part) => packTaps(module, to, part, info, module.address(filter))
  const [from, to] = [inputOf(info, module.address(x)), outputOf(info, module.address(out))]
  multiplyPatches(module, from, [forwardPart(info)], { columns, pack, ...after }, to)
  return out
}

function inputGradient(module: KernelModule, dy: tf.TensorInfo, filter: tf.TensorInfo, info: ConvInfo): tf.TensorInfo {
  const out = module.output(info.inShape)
  const columns = info.inChannels
  const pack = (to: number, part: Part) => packReversedTaps(module, to, part, info, module.address(filter))
  const [from, to] = [outputOf(info, module.address(dy)), inputOf(info, module.address(out))]
  multiplyPatches(module, from, inputGradientParts(info), { columns, pack }, to)
  return out
}

/** Packs the taps of a part out of a filter `[kh, kw, channels, columns]`: row by row, each row of taps is contiguous. */
function packTaps(module: KernelModule, to: number, { y, x }: Part, info: ConvInfo, filter: number): void {
  const { filterWidth, inChannels, outChannels } = info
  const run = x.taps * inChannels
  for (let row = 0; row < y.taps; row++) {
    const tap = (y.filter.from + row) * filterWidth + x.filter.from
    const from = filter + tap * inChannels * outChannels * 4
    module.kernels.packB(to, y.taps * run, outChannels, row * run, run, from, outChannels, 1)
  }
}

/** The same backwards, with channels in and out exchanged: from the tap that comes last in the window to the first. */
function packReversedTaps(module: KernelModule, to: number, { y, x }: Part, info: ConvInfo, filter: number): void {
  const last = ({ filter: axis, taps }: Part['y']) => axis.from + axis.step * (taps - 1)
  module.kernels.packFilterTransposed(
    to, filter, info.filterHeight, info.filterWidth, info.inChannels, info.outChannels,
    last(y), -y.filter.step, y.taps, last(x), -x.filter.step, x.taps,
  ) // biome-ignore format: one line an object
}

function inputOf(info: ConvInfo, address: number): Image {
  const { batchSize, inHeight, inWidth, inChannels } = info
  return { address, batch: batchSize, height: inHeight, width: inWidth, channels: inChannels }
}

function outputOf(info: ConvInfo, address: number): Image {
  const { batchSize, outHeight, outWidth, outChannels } = info
  return { address, batch: batchSize, height: outHeight, width: outWidth, channels: outChannels }
}

function infoOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
  dilations: number | [number, number] = 1,
): ConvInfo {
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(attrs.dataFormat),
  )
}
