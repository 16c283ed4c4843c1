/**
 * A convolution as products of patches with a filter, in the words of the native engine's conv/parts.
 *
 * Forward pass, input gradient and filter gradient all run over parts: rectangles of positions that share their taps. A
 * forward pass is one part. The input gradient of a strided convolution has one part for each residue class of the pixels,
 * reached by a subset of the taps. Where padding wastes much, a part is cut further.
 */
import type * as tf from '@tricklab/core/tf'

export type ConvInfo = tf.backend_util.Conv2DInfo

/** Channels-last images in the memory of the kernels. */
export interface Image {
  readonly address: number
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Where something lies along one axis: number i is at step · i + from. */
export interface Axis {
  readonly step: number
  readonly from: number
}

/** One axis of a part. */
export interface Side {
  /** How many positions there are. */
  readonly positions: number
  /** Origins of their windows in the image that is read. */
  readonly input: Axis
  /** Their pixels in the image on the other side. */
  readonly output: Axis
  /** How many taps a window has, and how far apart they look. */
  readonly taps: number
  readonly dilation: number
  /** Which taps of the filter they are. */
  readonly filter: Axis
}

export interface Part {
  readonly y: Side
  readonly x: Side
  /** No tap leaves the image: what is read begins at the first origin, and nothing is padded. */
  readonly inside: boolean
}

const asItIs: Axis = { step: 1, from: 0 }

/** Positions that lie side by side in both images, each with a window of one tap. */
export const singleTap = (positions: number): Side => ({
  positions,
  input: asItIs,
  output: asItIs,
  taps: 1,
  dilation: 1,
  filter: asItIs,
})

/** The image that is read is the input, the other side is the output. */
export function forwardPart(info: ConvInfo): Part {
  const side = (positions: number, step: number, pad: number, taps: number, dilation: number): Side => ({
    positions,
    input: { step, from: -pad },
    output: asItIs,
    taps,
    dilation,
    filter: asItIs,
  })
  const { padInfo } = info
  return {
    y: side(info.outHeight, info.strideHeight, padInfo.top, info.filterHeight, info.dilationHeight),
    x: side(info.outWidth, info.strideWidth, padInfo.left, info.filterWidth, info.dilationWidth),
    inside: false,
  }
}

/**
 * The image that is read is dy, the other side is the input. For stride s the pixels of an axis fall into s residue
 * classes; the taps that reach a class form a small filter of their own, and the class is an ordinary convolution of dy of
 * stride 1 with it, reversed.
 */
export function inputGradientParts(info: ConvInfo): Part[] {
  const { padInfo } = info
  const rows = classesOf(info.inHeight, info.strideHeight, padInfo.top, info.filterHeight)
  const columns = classesOf(info.inWidth, info.strideWidth, padInfo.left, info.filterWidth)
  // No tap reaches a pixel whose row or column none reaches: windows above the image give its zeros.
  const above = (side: Side): Side => ({
    ...singleTap(side.positions),
    output: side.output,
    filter: { step: -1, from: 0 },
    input: { step: 1, from: -(info.inHeight + info.outHeight) },
  })
  const beside = (side: Side): Side => ({ ...above(side), input: asItIs })
  return rows.flatMap((y) =>
    columns.map((x): Part => {
      const reached = y.taps > 0 && x.taps > 0
      return reached ? { y, x, inside: false } : { y: above(y), x: beside(x), inside: false }
    }),
  )
}

function classesOf(size: number, stride: number, pad: number, kernel: number): Side[] {
  return Array.from({ length: Math.min(stride, size) }, (_, residue) => {
    const first = (residue + pad) % stride
    const taps = Math.max(0, Math.ceil((kernel - first) / stride))
    return {
      positions: Math.ceil((size - residue) / stride),
      input: { step: 1, from: (residue + pad - first) / stride - (taps - 1) },
      output: { step: stride, from: residue },
      taps,
      dilation: 1,
      // A window runs over the taps of its class backwards.
      filter: { step: -stride, from: first + (taps - 1) * stride },
    }
  })
}

/**
 * A part cut into rectangles of positions that keep the same taps inside the image, where padding wastes enough: on a 2×2
 * image 5 of 9 taps of a padded 3×3 window only ever meet zeros. Then each is a product of its own, with just the taps that
 * count.
 */
export function withoutPadding(part: Part, image: Image): Part[] {
  const { y, x } = part
  if (image.batch < 48 || image.channels < 16 || y.dilation !== 1 || x.dilation !== 1) return [part]
  const [rows, columns] = [runsOf(y, image.height), runsOf(x, image.width)]
  if ([...rows, ...columns].some(({ taps }) => taps <= 0)) return [part]
  const used = (runs: readonly Side[]) => runs.reduce((sum, { positions, taps }) => sum + positions * taps, 0)
  if (used(rows) * used(columns) > 0.9 * y.positions * x.positions * y.taps * x.taps) return [part]
  return rows.flatMap((row) => columns.map((column) => ({ y: row, x: column, inside: true })))
}

/** Neighbouring positions along one axis that keep the same taps. */
function runsOf(side: Side, size: number): Side[] {
  const { input, output, filter } = side
  const runs: { start: number; end: number; from: number; to: number }[] = []
  for (let position = 0; position < side.positions; position++) {
    const origin = position * input.step + input.from
    const [from, to] = [Math.max(0, -origin), Math.min(side.taps, size - origin)]
    const last = runs.at(-1)
    if (last !== undefined && last.from === from && last.to === to) last.end++
    else runs.push({ start: position, end: position + 1, from, to })
  }
  return runs.map(({ start, end, from, to }) => ({
    ...side,
    positions: end - start,
    input: { ...input, from: start * input.step + input.from + from },
    output: { ...output, from: start * output.step + output.from },
    taps: to - from,
    filter: { ...filter, from: from * filter.step + filter.from },
  }))
}
