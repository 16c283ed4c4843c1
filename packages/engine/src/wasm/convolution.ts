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

const onePixel: Window = { kh: 1, kw: 1, sh: 1, sw: 1, dh: 1, dw: 1, pt: 0, pl: 0 }

/** A rectangle of a window's taps: rows r0 … r1, columns s0 … s1, ends excluded. */
interface Taps {
  r0: number
  r1: number
  s0: number
  s1: number
}

interface Grid {
  height: number
  width: number
}

/** A rectangle of the grid whose windows keep the same taps inside the image: rows i0 … i1, columns j0 … j1. */
interface Region {
  taps: Taps
  i0: number
  i1: number
  j0: number
  j1: number
}

/** Neighbouring positions along one axis that keep the same taps `[from, to)`. */
function runsOf(positions: number, stride: number, pad: number, kernel: number, size: number) {
  const runs: { start: number; end: number; from: number; to: number }[] = []
  for (let position = 0; position < positions; position++) {
    const start = position * stride - pad
    const [from, to] = [Math.max(0, -start), Math.min(kernel, size - start)]
    const last = runs.at(-1)
    if (last !== undefined && last.from === from && last.to === to) last.end++
    else runs.push({ start: position, end: position + 1, from, to })
  }
  return runs
}

/**
 * The grid cut into regions, when padding wastes enough: on a 2×2 image 5 of 9 taps of a padded 3×3 window only ever
 * meet zeros. Then each region is a product of its own, with just the taps that count.
 */
function regionsOf(image: Image, window: Window, grid: Grid): Region[] | undefined {
  if (image.batch < 48 || image.channels < 16 || window.dh !== 1 || window.dw !== 1) return undefined
  const down = runsOf(grid.height, window.sh, window.pt, window.kh, image.height)
  const across = runsOf(grid.width, window.sw, window.pl, window.kw, image.width)
  const used = (runs: typeof down) =>
    runs.reduce((sum, { start, end, from, to }) => sum + (end - start) * (to - from), 0)
  if (down.some(({ from, to }) => to <= from) || across.some(({ from, to }) => to <= from)) return undefined
  if (used(down) * used(across) > 0.9 * grid.height * grid.width * window.kh * window.kw) return undefined
  return down.flatMap((row) =>
    across.map((column) => ({
      taps: { r0: row.from, r1: row.to, s0: column.from, s1: column.to },
      i0: row.start,
      i1: row.end,
      j0: column.start,
      j1: column.end,
    })),
  )
}

/** A region as a convolution of its own, without padding: the image seen from the first tap that counts. */
function inRegion(image: Image, window: Window, { taps, i0, i1, j0, j1 }: Region): [Image, Window, Grid] {
  const row = i0 * window.sh - window.pt + taps.r0
  const column = j0 * window.sw - window.pl + taps.s0
  const address = image.address + (row * image.width + column) * image.channels * 4
  return [
    { ...image, address },
    { ...window, kh: taps.r1 - taps.r0, kw: taps.s1 - taps.s0, pt: 0, pl: 0 },
    { height: i1 - i0, width: j1 - j0 },
  ]
}

/** A product of patches with a filter: `pack` writes the given taps of the filter at an address. */
interface Product {
  window: Window
  grid: Grid
  place: Placement
  pack: (to: number, taps: Taps) => void
}

/** A part of a product that has a packed filter of its own. */
interface Part {
  image: Image
  window: Window
  grid: Grid
  place: Placement
  depth: number
  pack: (to: number) => void
}

function partsOf(image: Image, { window, grid, place, pack }: Product): Part[] {
  const regions = regionsOf(image, window, grid)
  if (regions === undefined) {
    const taps = { r0: 0, r1: window.kh, s0: 0, s1: window.kw }
    const depth = window.kh * window.kw * image.channels
    return [{ image, window, grid, place, depth, pack: (to) => pack(to, taps) }]
  }
  return regions.map((region) => {
    const [from, by, over] = inRegion(image, window, region)
    const fromH = region.i0 * place.stepH + place.fromH
    const fromW = region.j0 * place.stepW + place.fromW
    return {
      image: from,
      window: by,
      grid: over,
      place: { ...place, fromH, fromW },
      depth: by.kh * by.kw * image.channels,
      pack: (to) => pack(to, region.taps),
    }
  })
}

/** Outputs of about this size are finished by all interleaved products before the next images are begun. */
const chunkBytes = 512 * 1024

/** Products of the patches of one image with several filters, whose results interleave in `out`. */
function convolve(
  module: KernelModule,
  image: Image,
  products: readonly Product[],
  columns: number,
  out: number,
  bias = 0,
  relu = false,
): void {
  const { kernels } = module
  const parts = products.flatMap((product) => partsOf(image, product))
  const place = products[0]!.place
  const outImageBytes = place.height * place.width * columns * 4
  // Interleaved products write neighbouring pixels: all of them per few images, while the lines are in the cache.
  const interleaved = products.length > 1 && parts.length === products.length
  const chunk = interleaved ? Math.max(4, Math.ceil(chunkBytes / outImageBytes)) : image.batch
  const packed = parts.map(({ depth }) => kernels.packedFloats(depth, columns) * 4)
  const starts = packed.map((_, i) => (interleaved ? packed.slice(0, i).reduce((sum, bytes) => sum + bytes, 0) : 0))
  const packedBytes = Math.max(...packed.map((bytes, i) => bytes + starts[i]!))
  const biasBytes = bias === 0 ? 0 : Math.ceil(columns / 8) * 32
  const tileRows = parts.map(({ depth, grid }) => {
    const pixels = Math.min(chunk, image.batch) * grid.height * grid.width
    return Math.min(tileRowsFor(depth), Math.max(6, Math.ceil(pixels / 6) * 6))
  })
  const own = Math.max(...parts.map(({ depth }, i) => kernels.convolveWorkspace(depth, columns, tileRows[i]!)))
  module.workspace(packedBytes + biasBytes + own, (workspace) => {
    let paddedBias = 0
    if (bias !== 0) {
      paddedBias = workspace + packedBytes
      // A vector is a packed matrix of depth one: this pads it with zeros to whole panels.
      kernels.packB(paddedBias, 1, columns, 0, 1, bias, columns, 1)
    }
    if (interleaved) for (const [i, part] of parts.entries()) part.pack(workspace + starts[i]!)
    for (let n = 0; n < image.batch; n += chunk) {
      const batch = Math.min(chunk, image.batch - n)
      const offset = n * image.height * image.width * image.channels * 4
      for (const [index, part] of parts.entries()) {
        if (!interleaved) part.pack(workspace)
        const { image: from, window: by, grid: over, place: to } = part
        kernels.convolve(
          from.address + offset, batch, from.height, from.width, from.channels,
          by.kh, by.kw, by.sh, by.sw, by.dh, by.dw, by.pt, by.pl,
          over.height, over.width, workspace + starts[index]!, columns, paddedBias, relu ? 1 : 0,
          out + n * outImageBytes, to.height, to.width, to.stepH, to.fromH, to.stepW, to.fromW,
          workspace + packedBytes + biasBytes, tileRows[index]!,
        ) // biome-ignore format: one line an object
      }
    }
  })
}

/** `out[kh, kw, channels, columns] = Σ patches(image)ᵀ · dy[batch, grid, columns]`. */
function filterGrad(
  module: KernelModule,
  image: Image,
  window: Window,
  grid: Grid,
  dy: number,
  columns: number,
  out: number,
): void {
  const { kernels } = module
  const depth = window.kh * window.kw * image.channels
  const regions = regionsOf(image, window, grid)
  const rowFloats = window.kw * image.channels
  module.workspace(kernels.filterGradWorkspace(depth, columns, gradientTileRows), (workspace) => {
    const run = (from: Image, by: Window, over: Grid, i0: number, j0: number) => {
      kernels.convolveFilterGrad(
        from.address, from.batch, from.height, from.width, from.channels,
        by.kh, by.kw, by.sh, by.sw, by.dh, by.dw, by.pt, by.pl, over.height, over.width,
        dy, grid.height, grid.width, i0, j0, columns, workspace, gradientTileRows,
      ) // biome-ignore format: one line an object
    }
    if (regions === undefined) {
      run(image, window, grid, 0, 0)
      kernels.finishFilterGrad(workspace, 0, depth, columns, out, 0)
      return
    }
    kernels.zero(out, depth * columns)
    for (const region of regions) {
      const { taps } = region
      run(...inRegion(image, window, region), region.i0, region.j0)
      const count = (taps.s1 - taps.s0) * image.channels
      for (let r = taps.r0; r < taps.r1; r++) {
        const to = out + (r * rowFloats + taps.s0 * image.channels) * columns * 4
        kernels.finishFilterGrad(workspace, (r - taps.r0) * count, count, columns, to, 1)
      }
    }
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

function imageOf(module: KernelModule, x: tf.TensorInfo, info: ConvInfo): Image {
  return {
    address: module.address(x),
    batch: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
  }
}

/** Packs the given taps of a filter `[kh, kw, channels, columns]`: row by row, each row of taps is contiguous. */
function packTaps(
  module: KernelModule,
  to: number,
  { r0, r1, s0, s1 }: Taps,
  kw: number,
  channels: number,
  columns: number,
  filter: number,
): void {
  const run = (s1 - s0) * channels
  const depth = (r1 - r0) * run
  for (let r = r0; r < r1; r++) {
    const from = filter + (r * kw + s0) * channels * columns * 4
    module.kernels.packB(to, depth, columns, (r - r0) * run, run, from, columns, 1)
  }
}

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
  const columns = info.outChannels
  const pack = (to: number, taps: Taps) =>
    packTaps(module, to, taps, window.kw, info.inChannels, columns, module.address(filter))
  const grid = { height: info.outHeight, width: info.outWidth }
  convolve(
    module,
    imageOf(module, x, info),
    [{ window, grid, place: identity(info), pack }],
    columns,
    module.address(out),
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
      imageOf(module, x, info),
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
  const address = module.address(filter)
  const products: Product[] = []
  for (let a = 0; a < Math.min(sh, inHeight); a++) {
    for (let b = 0; b < Math.min(sw, inWidth); b++) {
      const grid = { height: Math.ceil((inHeight - a) / sh), width: Math.ceil((inWidth - b) / sw) }
      const place = { height: inHeight, width: inWidth, stepH: sh, fromH: a, stepW: sw, fromW: b }
      const r0 = (a + pt) % sh
      const s0 = (b + pl) % sw
      const tapsH = Math.max(0, Math.ceil((kh - r0) / sh))
      const tapsW = Math.max(0, Math.ceil((kw - s0) / sw))
      if (tapsH === 0 || tapsW === 0) {
        // No tap reaches these pixels (stride larger than the kernel): a window outside the image gives their zeros.
        const outside = { ...onePixel, pt: inHeight + info.outHeight }
        const pack = (to: number) =>
          module.kernels.packFilterTransposed(to, address, kh, kw, inChannels, outChannels, 0, 1, 1, 0, 1, 1)
        products.push({ window: outside, grid, place, pack })
        continue
      }
      const window = {
        ...onePixel,
        kh: tapsH,
        kw: tapsW,
        pt: tapsH - 1 - (a + pt - r0) / sh,
        pl: tapsW - 1 - (b + pl - s0) / sw,
      }
      // The window runs over the class's taps backwards: its row r is tap r0 + (tapsH − 1 − r)·sh of the filter.
      const pack = (to: number, taps: Taps) =>
        module.kernels.packFilterTransposed(
          to, address, kh, kw, inChannels, outChannels,
          r0 + (tapsH - taps.r1) * sh, sh, taps.r1 - taps.r0, s0 + (tapsW - taps.s1) * sw, sw, taps.s1 - taps.s0,
        ) // biome-ignore format: one line an object
      products.push({ window, grid, place, pack })
    }
  }
  const image: Image = {
    address: module.address(dy),
    batch: info.batchSize,
    height: info.outHeight,
    width: info.outWidth,
    channels: outChannels,
  }
  convolve(module, image, products, inChannels, module.address(out))
  return out
}

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
    const pack = (packed: number) =>
      transposeB
        ? kernels.packB(packed, depth, columns, 0, depth, bAt, 1, depth)
        : kernels.packB(packed, depth, columns, 0, depth, bAt, columns, 1)
    const grid = { height: rows, width: 1 }
    const place = { ...grid, stepH: 1, fromH: 0, stepW: 1, fromW: 0 }
    const plain = (address: number) =>
      convolve(
        module,
        { address, batch: 1, height: rows, width: 1, channels: depth },
        [{ window: onePixel, grid, place, pack }],
        columns,
        to,
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
