/** Convolutions, their gradients and matrix products: all on one blocked matrix product. */
import * as tf from '@tricklab/core/tf'
import type { KernelModule } from './module.ts'
import { type KernelCall, replaceKernel } from './register.ts'

type ConvInfo = tf.backend_util.Conv2DInfo

/** Tiles of patches take about this much of the second-level cache. */
const tileBytes = 192 * 1024

/** Rows of a forward tile: a multiple of the 6 rows of a register tile. */
function tileRowsFor(depth: number): number {
  return Math.min(192, Math.max(12, Math.floor(tileBytes / (depth * 4) / 6) * 6))
}

/** Rows of a filter gradient's tile: they are the length of its inner loop, and must stay in the first-level cache. */
const gradientTileRows = 96

/** Where the pixels of a grid lie in the output: pixel (i, j) at (i·stepH + fromH, j·stepW + fromW). */
interface Placement {
  height: number
  width: number
  stepH: number
  fromH: number
  stepW: number
  fromW: number
}

interface Window {
  kh: number
  kw: number
  sh: number
  sw: number
  dh: number
  dw: number
  pt: number
  pl: number
}

interface Image {
  address: number
  batch: number
  height: number
  width: number
  channels: number
}

/** One product of patches with a filter that `pack` writes at the address it gets. */
function convolve(
  module: KernelModule,
  image: Image,
  window: Window,
  grid: { height: number; width: number },
  columns: number,
  pack: (to: number) => void,
  out: number,
  place: Placement,
  bias = 0,
  relu = false,
): void {
  const { kernels } = module
  const depth = window.kh * window.kw * image.channels
  const rows = Math.min(tileRowsFor(depth), Math.max(6, Math.ceil((image.batch * grid.height * grid.width) / 6) * 6))
  const packedBytes = kernels.packedFloats(depth, columns) * 4
  const biasBytes = bias === 0 ? 0 : Math.ceil(columns / 8) * 32
  const own = Math.ceil(kernels.convolveWorkspace(depth, columns, rows) / 16) * 16
  module.workspace(packedBytes + biasBytes + own, (start) => {
    pack(start)
    let paddedBias = 0
    if (bias !== 0) {
      paddedBias = start + packedBytes
      // A vector is a packed matrix of depth one: this pads it with zeros to whole panels.
      kernels.packB(paddedBias, 1, columns, 0, 1, bias, columns, 1)
    }
    kernels.convolve(
      image.address, image.batch, image.height, image.width, image.channels,
      window.kh, window.kw, window.sh, window.sw, window.dh, window.dw, window.pt, window.pl,
      grid.height, grid.width, start, columns, paddedBias, relu ? 1 : 0,
      out, place.height, place.width, place.stepH, place.fromH, place.stepW, place.fromW,
      start + packedBytes + biasBytes, rows,
    ) // biome-ignore format: one line an object
  })
}

function filterGrad(
  module: KernelModule,
  image: Image,
  window: Window,
  grid: { height: number; width: number },
  dy: number,
  columns: number,
  out: number,
): void {
  const { kernels } = module
  const depth = window.kh * window.kw * image.channels
  module.workspace(kernels.filterGradWorkspace(depth, columns, gradientTileRows), (start) => {
    kernels.convolveFilterGrad(
      image.address, image.batch, image.height, image.width, image.channels,
      window.kh, window.kw, window.sh, window.sw, window.dh, window.dw, window.pt, window.pl,
      grid.height, grid.width, dy, columns, out, start, gradientTileRows,
    ) // biome-ignore format: one line an object
  })
}

function windowOf(info: ConvInfo): Window {
  return {
    kh: info.filterHeight,
    kw: info.filterWidth,
    sh: info.strideHeight,
    sw: info.strideWidth,
    dh: info.dilationHeight,
    dw: info.dilationWidth,
    pt: info.padInfo.top,
    pl: info.padInfo.left,
  }
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

type ConvAttrs = Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'>

const identity = (info: { outHeight: number; outWidth: number }): Placement => ({
  height: info.outHeight,
  width: info.outWidth,
  stepH: 1,
  fromH: 0,
  stepW: 1,
  fromW: 0,
})

function forward(
  module: KernelModule,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo {
  const out = module.output(info.outShape)
  if (tf.util.sizeFromShape(info.outShape) === 0) return out
  const window = windowOf(info)
  const depth = window.kh * window.kw * info.inChannels
  const columns = info.outChannels
  convolve(
    module,
    {
      address: module.address(x),
      batch: info.batchSize,
      height: info.inHeight,
      width: info.inWidth,
      channels: info.inChannels,
    },
    window,
    { height: info.outHeight, width: info.outWidth },
    columns,
    (to) => module.kernels.packB(to, depth, columns, 0, depth, module.address(filter), columns, 1),
    module.address(out),
    identity(info),
    bias === undefined ? 0 : module.address(bias),
    relu,
  )
  return out
}

const isFloat = (...tensors: (tf.TensorInfo | undefined)[]) =>
  tensors.every((tensor) => tensor === undefined || tensor.dtype === 'float32')

/** Registers the convolution and matrix kernels. */
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
    return forward(module, x, filter, info, bias ?? undefined, attrs.activation === 'relu')
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
    filterGrad(
      module,
      {
        address: module.address(x),
        batch: info.batchSize,
        height: info.inHeight,
        width: info.inWidth,
        channels: info.inChannels,
      },
      windowOf(info),
      { height: info.outHeight, width: info.outWidth },
      module.address(dy),
      info.outChannels,
      module.address(out),
    )
    return out
  })

  replaceKernel<tf.BatchMatMulAttrs>('BatchMatMul', (call) => matMul(call))
  replaceKernel<tf._FusedMatMulAttrs>('_FusedMatMul', (call) => {
    const { bias, preluActivationWeights } = call.inputs as Record<string, tf.TensorInfo | undefined>
    const { activation } = call.attrs
    const columns = call.inputs.b!.shape[call.attrs.transposeB ? 1 : 2]
    const ours =
      preluActivationWeights == null &&
      (activation === 'linear' || activation === 'relu') &&
      (bias == null || (bias.dtype === 'float32' && tf.util.sizeFromShape(bias.shape) === columns))
    return ours ? matMul(call, bias ?? undefined, activation === 'relu') : call.stock()
  })
}

/**
 * Gradient with respect to the image. For stride s the pixels fall into s·s residue classes; the taps that reach a class
 * form a small filter of their own, and the class is an ordinary stride-1 convolution of dy with it, reversed.
 */
function inputGradient(module: KernelModule, dy: tf.TensorInfo, filter: tf.TensorInfo, info: ConvInfo): tf.TensorInfo {
  const out = module.output(info.inShape)
  const { kh, kw, sh, sw, pt, pl } = windowOf(info)
  const { inHeight, inWidth, inChannels, outChannels } = info
  const address = module.address(out)
  const image: Image = {
    address: module.address(dy),
    batch: info.batchSize,
    height: info.outHeight,
    width: info.outWidth,
    channels: outChannels,
  }
  for (let a = 0; a < sh; a++) {
    for (let b = 0; b < sw; b++) {
      const grid = { height: Math.ceil((inHeight - a) / sh), width: Math.ceil((inWidth - b) / sw) }
      if (grid.height <= 0 || grid.width <= 0) continue
      const r0 = (a + pt) % sh
      const s0 = (b + pl) % sw
      const tapsH = Math.max(0, Math.ceil((kh - r0) / sh))
      const tapsW = Math.max(0, Math.ceil((kw - s0) / sw))
      const place = { height: inHeight, width: inWidth, stepH: sh, fromH: a, stepW: sw, fromW: b }
      if (tapsH === 0 || tapsW === 0) {
        // No tap reaches these pixels (stride larger than the kernel): an empty product, written as zeros.
        const none = { kh: 1, kw: 1, sh: 1, sw: 1, dh: 1, dw: 1, pt: inHeight + info.outHeight, pl: 0 }
        convolve(module, image, none, grid, inChannels, (to) => {
          module.kernels.packFilterTransposed(to, module.address(filter), kh, kw, inChannels, outChannels, 0, 1, 1, 0, 1, 1)
        }, address, place) // biome-ignore format: as short as it gets
        continue
      }
      const window: Window = {
        kh: tapsH,
        kw: tapsW,
        sh: 1,
        sw: 1,
        dh: 1,
        dw: 1,
        pt: tapsH - 1 - (a + pt - r0) / sh,
        pl: tapsW - 1 - (b + pl - s0) / sw,
      }
      convolve(
        module,
        image,
        window,
        grid,
        inChannels,
        (to) =>
          module.kernels.packFilterTransposed(
            to, module.address(filter), kh, kw, inChannels, outChannels, r0, sh, tapsH, s0, sw, tapsW,
          ), // biome-ignore format: one line
        address,
        place,
      )
    }
  }
  return out
}

const onePixel: Window = { kh: 1, kw: 1, sh: 1, sw: 1, dh: 1, dw: 1, pt: 0, pl: 0 }

/** `C = op(A)·op(B)` per batch: a 1×1 convolution, or the gradient of one where A is transposed. */
function matMul(
  { inputs, attrs, module, stock }: KernelCall<Pick<tf.BatchMatMulAttrs, 'transposeA' | 'transposeB'>>,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo | tf.TensorInfo[] {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
  const { transposeA, transposeB } = attrs
  if (!isFloat(a, b)) return stock()
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number]
  const rows = transposeA ? aColumns : aRows
  const depth = transposeA ? aRows : aColumns
  const columns = transposeB ? bRows : bColumns
  if (depth !== (transposeB ? bColumns : bRows)) return stock()
  const aBatch = a.shape.slice(0, -2)
  const bBatch = b.shape.slice(0, -2)
  const aCount = tf.util.sizeFromShape(aBatch)
  const bCount = tf.util.sizeFromShape(bBatch)
  // Equal batches, or one matrix against many; other broadcasts are rare.
  if (aCount !== bCount && aCount !== 1 && bCount !== 1) return stock()
  if (aCount === bCount && aBatch.some((size, i) => size !== bBatch[i])) return stock()
  const count = Math.max(aCount, bCount)
  const out = module.output([...(aCount >= bCount ? aBatch : bBatch), rows, columns])
  if (count * rows * columns === 0 || depth === 0) return depth === 0 ? stock() : out
  const { kernels } = module
  for (let n = 0; n < count; n++) {
    const aAt = module.address(a) + (aCount === 1 ? 0 : n * rows * depth * 4)
    const bAt = module.address(b) + (bCount === 1 ? 0 : n * depth * columns * 4)
    const to = module.address(out) + n * rows * columns * 4
    const fused = bias !== undefined || relu
    if (transposeA && !fused) {
      const image: Image = { address: aAt, batch: 1, height: depth, width: 1, channels: rows }
      const grid = { height: depth, width: 1 }
      if (transposeB) {
        module.workspace(depth * columns * 4, (plain) => {
          kernels.transpose(bAt, columns, depth, plain)
          filterGrad(module, image, onePixel, grid, plain, columns, to)
        })
      } else filterGrad(module, image, onePixel, grid, bAt, columns, to)
      continue
    }
    const plain = (address: number) =>
      convolve(
        module,
        { address, batch: 1, height: rows, width: 1, channels: depth },
        onePixel,
        { height: rows, width: 1 },
        columns,
        (packed) =>
          transposeB
            ? kernels.packB(packed, depth, columns, 0, depth, bAt, 1, depth)
            : kernels.packB(packed, depth, columns, 0, depth, bAt, columns, 1),
        to,
        { height: rows, width: 1, stepH: 1, fromH: 0, stepW: 1, fromW: 0 },
        bias === undefined ? 0 : module.address(bias),
        relu,
      )
    if (transposeA) {
      module.workspace(rows * depth * 4, (upright) => {
        kernels.transpose(aAt, depth, rows, upright)
        plain(upright)
      })
    } else plain(aAt)
  }
  return out
}
