import type { CropPlan } from '@tricklab/core/contracts'
import { type PixelKernels, pixelKernels } from './kernels.ts'

/** Bytes of an RGB image in height × width × 3 order. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

// Weights are whole numbers of 22 bits, so that 255 times their sum stays below 2³¹: exact, and equal on every machine.
const fractionBits = 22

/**
 * Resizes a region by antialiased bilinear filtering: a triangle as wide as two source pixels or two output pixels,
 * whichever is wider, across and then down, rounded to bytes after each of the two.
 *
 * The arithmetic is that of Pillow's `Image.resize(…, BILINEAR, box)`, so the bytes are equal (golden test).
 * @param out receives outHeight × outWidth × 3 bytes
 */
export function resample(source: Pixels, plan: CropPlan, out: Uint8Array): void {
  const kernels = pixelKernels()
  kernels.reset()
  out.set(kernels.bytes(resampleInside(kernels, source, plan), plan.outWidth * plan.outHeight * 3))
}

/** The same, left in the kernels' memory: the address of the bytes. */
export function resampleInside(kernels: PixelKernels, source: Pixels, plan: CropPlan): number {
  const { outWidth, outHeight, flip } = plan
  const across = createTaps(plan.left, plan.width, outWidth, source.width, plan.edges, flip)
  const down = createTaps(plan.top, plan.height, outHeight, source.height, plan.edges, false)
  const first = down.starts[0]!
  const rows = down.starts[outHeight - 1]! + down.counts[outHeight - 1]! - first
  const rowBytes = source.width * 3

  const region = kernels.take(rows * rowBytes)
  const narrowed = kernels.take(rows * outWidth * 3)
  const out = kernels.take(outWidth * outHeight * 3)
  const columns = placeTaps(kernels, across)
  const lines = placeTaps(kernels, down)
  kernels.bytes(region, rows * rowBytes).set(source.data.subarray(first * rowBytes, (first + rows) * rowBytes))
  kernels.run.narrow(region, source.width, rows, ...columns, outWidth, narrowed)
  kernels.run.shorten(narrowed, outWidth * 3, first, ...lines, outHeight, out)
  return out
}

/** The source pixels that make an output pixel, and their weights. */
interface Taps {
  readonly starts: Int32Array
  readonly counts: Int32Array
  /** `stride` weights an output pixel. */
  readonly weights: Int32Array
  readonly stride: number
}

function createTaps(
  start: number,
  length: number,
  outLength: number,
  sourceLength: number,
  edges: CropPlan['edges'],
  reversed: boolean,
): Taps {
  const low = edges === 'region' ? Math.max(0, Math.floor(start)) : 0
  const high = edges === 'region' ? Math.min(sourceLength, Math.ceil(start + length)) : sourceLength
  const scale = length / outLength
  const support = Math.max(1, scale)
  const stride = Math.ceil(support) * 2 + 1
  const starts = new Int32Array(outLength)
  const counts = new Int32Array(outLength)
  const weights = new Int32Array(outLength * stride)
  const exact = new Float64Array(stride)
  for (let i = 0; i < outLength; i++) {
    const center = start + (i + 0.5) * scale
    const from = Math.max(low, Math.trunc(center - support + 0.5))
    const count = Math.min(high, Math.trunc(center + support + 0.5)) - from
    let sum = 0
    for (let k = 0; k < count; k++) {
      const distance = Math.abs((k + from - center + 0.5) / support)
      exact[k] = distance < 1 ? 1 - distance : 0
      sum += exact[k]!
    }
    const place = reversed ? outLength - 1 - i : i
    starts[place] = from
    counts[place] = count
    for (let k = 0; k < count; k++) {
      weights[place * stride + k] = Math.trunc(0.5 + (exact[k]! / sum) * (1 << fractionBits))
    }
  }
  return { starts, counts, weights, stride }
}

/** Copies taps into the kernels' memory: starts, counts, weights and stride as kernels take them. */
function placeTaps(kernels: PixelKernels, taps: Taps): [number, number, number, number] {
  const { starts, counts, weights, stride } = taps
  const place = (values: Int32Array) => {
    const address = kernels.take(values.byteLength)
    kernels.integers(address, values.length).set(values)
    return address
  }
  return [place(starts), place(counts), place(weights), stride]
}
