import type { CropPlan } from '@tricklab/core'

/** Bytes of an RGB image in height × width × 3 order. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

// Weights are whole numbers of 22 bits, so that 255 times their sum stays below 2³¹: exact, and equal on every machine.
const fractionBits = 22
const half = 1 << (fractionBits - 1)

/**
 * Resizes a region by antialiased bilinear filtering: a triangle as wide as two source pixels or two output pixels,
 * whichever is wider, across and then down, rounded to bytes after each of the two.
 *
 * The arithmetic is that of Pillow's `Image.resize(…, BILINEAR, box)`, so the bytes are equal (golden test).
 * @param out receives outHeight × outWidth × 3 bytes
 */
export function resample(source: Pixels, plan: CropPlan, out: Uint8Array): void {
  const { outWidth, outHeight, flip } = plan
  const across = createTaps(plan.left, plan.width, outWidth, source.width, plan.edges, flip)
  const down = createTaps(plan.top, plan.height, outHeight, source.height, plan.edges, false)
  const firstRow = down.starts[0]!
  const lastRow = down.starts[outHeight - 1]! + down.counts[outHeight - 1]!
  const rows = narrow(source, across, outWidth, firstRow, lastRow)
  shorten(rows, down, outWidth * 3, firstRow, out)
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

/** The horizontal pass, for the rows that the vertical pass needs. */
function narrow(source: Pixels, taps: Taps, outWidth: number, firstRow: number, lastRow: number): Uint8Array {
  const { starts, counts, weights, stride } = taps
  const { data, width } = source
  const rows = new Uint8Array((lastRow - firstRow) * outWidth * 3)
  let put = 0
  for (let y = firstRow; y < lastRow; y++) {
    const row = y * width * 3
    for (let x = 0; x < outWidth; x++) {
      let red = half
      let green = half
      let blue = half
      let at = row + starts[x]! * 3
      const first = x * stride
      const end = first + counts[x]!
      for (let k = first; k < end; k++, at += 3) {
        const weight = weights[k]!
        red = (red + data[at]! * weight) | 0
        green = (green + data[at + 1]! * weight) | 0
        blue = (blue + data[at + 2]! * weight) | 0
      }
      rows[put] = red >> fractionBits
      rows[put + 1] = green >> fractionBits
      rows[put + 2] = blue >> fractionBits
      put += 3
    }
  }
  return rows
}

function shorten(rows: Uint8Array, taps: Taps, rowBytes: number, firstRow: number, out: Uint8Array): void {
  const { starts, counts, weights, stride } = taps
  const sums = new Int32Array(rowBytes)
  for (let y = 0; y < starts.length; y++) {
    sums.fill(half)
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * stride + k]!
      if (weight === 0) continue
      const row = (starts[y]! - firstRow + k) * rowBytes
      for (let x = 0; x < rowBytes; x++) sums[x] = (sums[x]! + rows[row + x]! * weight) | 0
    }
    const place = y * rowBytes
    for (let x = 0; x < rowBytes; x++) out[place + x] = sums[x]! >> fractionBits
  }
}
