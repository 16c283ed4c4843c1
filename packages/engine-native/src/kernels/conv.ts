/** Convolutions, plain and depthwise, with both gradients. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import type { NativeBackend } from '../backend.ts'
import type { Numbers } from '../storage.ts'
import { fusionOf, runFused } from './fused.ts'
import { nativePrecision } from './precision.ts'
import { allFloat, type KernelCall, nativeKernel } from './register.ts'

/** Functions of native/binding/conv.cc; images come as they are stored. The sizes of a convolution come as one array. */
interface ConvAddon {
  conv2d(
    sizes: Int32Array,
    bfloat16: number,
    x: Numbers,
    filter: Float32Array,
    bias: Float32Array | undefined,
    relu: number,
    out: Numbers,
  ): void
  conv2dInputGradient(sizes: Int32Array, bfloat16: number, dy: Numbers, filter: Float32Array, dx: Numbers): void
  conv2dFilterGradient(sizes: Int32Array, bfloat16: number, x: Numbers, dy: Numbers, dw: Float32Array): void
  depthwise(
    sizes: Int32Array,
    x: Numbers,
    filter: Float32Array,
    bias: Float32Array | undefined,
    relu: number,
    out: Numbers,
  ): void
  depthwiseInputGradient(sizes: Int32Array, dy: Numbers, filter: Float32Array, dx: Numbers): void
  depthwiseFilterGradient(sizes: Int32Array, x: Numbers, dy: Numbers, dw: Float32Array): void
}

type Info = tf.backend_util.Conv2DInfo

interface Attrs {
  strides: [number, number] | number
  pad: tf.Conv2DAttrs['pad']
  dilations?: [number, number] | number
  dimRoundingMode?: tf.Conv2DAttrs['dimRoundingMode']
  dataFormat?: 'NHWC' | 'NCHW'
}

const addon = () => addonFunctions<ConvAddon>()
const bfloat16 = () => (nativePrecision() === 'bf16' ? 1 : 0)

/** The sizes of a convolution; `attrs` as TF.js's kernels have them. */
export function infoOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Attrs,
  depthwise = false,
): Info {
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
    'channelsLast',
  )
}

// Longer than needed: V8 keeps longer arrays outside its heap, where native code reaches them at once.
const sizes = new Int32Array(64)

/** The sizes in the order of the struct Conv2dShape; good until the next call. */
export function sizesOf(info: Info, groups: number): Int32Array {
  sizes[0] = info.batchSize
  sizes[1] = info.inHeight
  sizes[2] = info.inWidth
  sizes[3] = info.inChannels
  sizes[4] = info.outHeight
  sizes[5] = info.outWidth
  sizes[6] = info.outChannels
  sizes[7] = info.filterHeight
  sizes[8] = info.filterWidth
  sizes[9] = info.strideHeight
  sizes[10] = info.strideWidth
  sizes[11] = info.dilationHeight
  sizes[12] = info.dilationWidth
  sizes[13] = info.padInfo.top
  sizes[14] = info.padInfo.left
  sizes[15] = groups
  return sizes
}

/** How many groups a filter divides the channels into; 0 where it does not fit. */
function groupsOf(info: Info, filter: readonly number[]): number {
  const groups = info.inChannels / filter[2]!
  return Number.isInteger(groups) && info.outChannels % groups === 0 ? groups : 0
}

/** Images and filters that the kernels take: NHWC and float32, with an output that is not negative. */
function served(attrs: Attrs, info: Info, ...tensors: (tf.TensorInfo | undefined)[]): boolean {
  return (
    (attrs.dataFormat ?? 'NHWC') === 'NHWC' &&
    info.outHeight >= 0 &&
    info.outWidth >= 0 &&
    allFloat(...tensors.filter((tensor) => tensor != null))
  )
}

function forward(
  backend: NativeBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Info,
  groups: number,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo {
  const out = backend.output(info.outShape, 'float32', nativePrecision())
  const biasValues = bias === undefined ? undefined : backend.floats(bias)
  const [from, weights, to] = [backend.numbers(x), backend.floats(filter), backend.numbers(out)]
  addon().conv2d(sizesOf(info, groups), bfloat16(), from, weights, biasValues, relu ? 1 : 0, to)
  return out
}

function depthwiseForward(
  backend: NativeBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Info,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo {
  const out = backend.outputLike(x, info.outShape)
  const biasValues = bias === undefined ? undefined : backend.floats(bias)
  const [from, weights, to] = [backend.numbers(x), backend.floats(filter), backend.numbers(out)]
  addon().depthwise(sizesOf(info, info.inChannels), from, weights, biasValues, relu ? 1 : 0, to)
  return out
}

function conv2d({ inputs, attrs, backend, stock }: KernelCall<Attrs>, fusion?: ReturnType<typeof fusionOf>) {
  const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo }
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC') return stock()
  const info = infoOf(x.shape, filter.shape, attrs)
  const groups = groupsOf(info, filter.shape)
  if (groups === 0 || !served(attrs, info, x, filter)) return stock()
  if (fusion === undefined) return forward(backend, x, filter, info, groups)
  return runFused(backend, info.outChannels, fusion, (bias, relu) =>
    forward(backend, x, filter, info, groups, bias, relu),
  )
}

function depthwiseConv2d({ inputs, attrs, backend, stock }: KernelCall<Attrs>, fusion?: ReturnType<typeof fusionOf>) {
  const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo }
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC') return stock()
  const info = infoOf(x.shape, filter.shape, attrs, true)
  if (filter.shape[2] !== info.inChannels || !served(attrs, info, x, filter)) return stock()
  if (fusion === undefined) return depthwiseForward(backend, x, filter, info)
  return runFused(backend, info.outChannels, fusion, (bias, relu) =>
    depthwiseForward(backend, x, filter, info, bias, relu),
  )
}

/** Registers the kernels of convolution on the backend `native`. */
export function registerConvolutions(): void {
  nativeKernel<Attrs>('Conv2D', (call) => conv2d(call))
  nativeKernel<Attrs & tf.FusedConv2DAttrs>('FusedConv2D', (call) => conv2d(call, fusionOf(call.inputs, call.attrs)))

  nativeKernel<Attrs & { inputShape: number[] }>('Conv2DBackpropInput', ({ inputs, attrs, backend, stock }) => {
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
    if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC') return stock()
    const info = infoOf(attrs.inputShape, filter.shape, attrs)
    const groups = groupsOf(info, filter.shape)
    if (groups === 0 || !served(attrs, info, dy, filter) || !sameShape(dy.shape, info.outShape)) return stock()
    const dx = backend.output([...info.inShape], 'float32', nativePrecision())
    const [from, weights, to] = [backend.numbers(dy), backend.floats(filter), backend.numbers(dx)]
    addon().conv2dInputGradient(sizesOf(info, groups), bfloat16(), from, weights, to)
    return dx
  })

  nativeKernel<Attrs & { filterShape: number[] }>('Conv2DBackpropFilter', ({ inputs, attrs, backend, stock }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
    if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC') return stock()
    const info = infoOf(x.shape, attrs.filterShape, attrs)
    const groups = groupsOf(info, attrs.filterShape)
    if (groups === 0 || !served(attrs, info, x, dy) || !sameShape(dy.shape, info.outShape)) return stock()
    const out = backend.output([...attrs.filterShape])
    const [from, gradient, to] = [backend.numbers(x), backend.numbers(dy), backend.floats(out)]
    addon().conv2dFilterGradient(sizesOf(info, groups), bfloat16(), from, gradient, to)
    return out
  })

  nativeKernel<Attrs>('DepthwiseConv2dNative', (call) => depthwiseConv2d(call))
  nativeKernel<Attrs & tf.FusedDepthwiseConv2DAttrs>('FusedDepthwiseConv2D', (call) =>
    depthwiseConv2d(call, fusionOf(call.inputs, call.attrs)),
  )

  nativeKernel<Attrs & { inputShape: number[] }>(
    'DepthwiseConv2dNativeBackpropInput',
    ({ inputs, attrs, backend, stock }) => {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
      const info = infoOf(attrs.inputShape, filter.shape, attrs, true)
      const fits = filter.shape[2] === info.inChannels && sameShape(dy.shape, info.outShape)
      if (!fits || !served(attrs, info, dy, filter)) return stock()
      const dx = backend.outputLike(dy, [...info.inShape])
      const [from, weights, to] = [backend.numbers(dy), backend.floats(filter), backend.numbers(dx)]
      addon().depthwiseInputGradient(sizesOf(info, info.inChannels), from, weights, to)
      return dx
    },
  )

  nativeKernel<Attrs & { filterShape: number[] }>(
    'DepthwiseConv2dNativeBackpropFilter',
    ({ inputs, attrs, backend, stock }) => {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
      const info = infoOf(x.shape, attrs.filterShape, attrs, true)
      const fits = attrs.filterShape[2] === info.inChannels && sameShape(dy.shape, info.outShape)
      if (!fits || !served(attrs, info, x, dy)) return stock()
      const out = backend.output([...attrs.filterShape])
      const [from, gradient, to] = [backend.numbers(x), backend.numbers(dy), backend.floats(out)]
      addon().depthwiseFilterGradient(sizesOf(info, info.inChannels), from, gradient, to)
      return out
    },
  )
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis])
