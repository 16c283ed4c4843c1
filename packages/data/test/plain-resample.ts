import type { CropPlan } from '@tricklab/core/contracts'
import type { Pixels } from '../src/pixels/resample.ts'

// Weights are whole numbers of 22 bits, so that 255 times their sum stays below 2³¹: exact, and equal on every machine.
const fractionBits = 22
const half = 1 << (fractionBits - 1)

/** The arithmetic of the resampling kernels in plain JavaScript, which they must equal bit by bit. */
export function resamplePlainly(source: Pixels, plan: CropPlan, out: Uint8Array): void {
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
  const rowBytes = outWidth * 3
  // Column by column, so that the weights of an output pixel stay at hand for all rows.
  for (let x = 0; x < outWidth; x++) {
    const first = x * stride
    const count = counts[x]!
    const start = (firstRow * width + starts[x]!) * 3
    let put = x * 3
    if (count <= 3) {
      // Nearly every pixel at scales up to 1.5; a weight of 0 makes up for what is missing.
      const w0 = weights[first]!
      const w1 = count > 1 ? weights[first + 1]! : 0
      const w2 = count > 2 ? weights[first + 2]! : 0
      const to1 = count > 1 ? 3 : 0
      const to2 = count > 2 ? 6 : 0
      for (let y = firstRow, at = start; y < lastRow; y++, at += width * 3, put += rowBytes) {
        for (let c = 0; c < 3; c++) {
          const sum =
            half +
            Math.imul(data[at + c]!, w0) +
            Math.imul(data[at + to1 + c]!, w1) +
            Math.imul(data[at + to2 + c]!, w2)
          rows[put + c] = sum >> fractionBits
        }
      }
      continue
    }
    for (let y = firstRow, row = start; y < lastRow; y++, row += width * 3, put += rowBytes) {
      let red = half
      let green = half
      let blue = half
      for (let k = 0, at = row; k < count; k++, at += 3) {
        const weight = weights[first + k]!
        red = (red + Math.imul(data[at]!, weight)) | 0
        green = (green + Math.imul(data[at + 1]!, weight)) | 0
        blue = (blue + Math.imul(data[at + 2]!, weight)) | 0
      }
      rows[put] = red >> fractionBits
      rows[put + 1] = green >> fractionBits
      rows[put + 2] = blue >> fractionBits
    }
  }
  return rows
}

function shorten(rows: Uint8Array, taps: Taps, rowBytes: number, firstRow: number, out: Uint8Array): void {
  const { starts, counts, weights, stride } = taps
  const sums = new Int32Array(rowBytes)
  for (let y = 0; y < starts.length; y++) {
    const first = y * stride
    const count = counts[y]!
    const row = (starts[y]! - firstRow) * rowBytes
    const place = y * rowBytes
    if (count <= 3) {
      const w0 = weights[first]!
      const w1 = count > 1 ? weights[first + 1]! : 0
      const w2 = count > 2 ? weights[first + 2]! : 0
      const to1 = count > 1 ? rowBytes : 0
      const to2 = count > 2 ? 2 * rowBytes : 0
      for (let x = 0, at = row; x < rowBytes; x++, at++) {
        const sum = half + Math.imul(rows[at]!, w0) + Math.imul(rows[at + to1]!, w1) + Math.imul(rows[at + to2]!, w2)
        out[place + x] = sum >> fractionBits
      }
      continue
    }
    sums.fill(half)
    for (let k = 0; k < count; k++) {
      const weight = weights[first + k]!
      const from = row + k * rowBytes
      for (let x = 0; x < rowBytes; x++) sums[x] = (sums[x]! + Math.imul(rows[from + x]!, weight)) | 0
    }
    for (let x = 0; x < rowBytes; x++) out[place + x] = sums[x]! >> fractionBits
  }
}
