// Runs in workers: types of core only.
import type { Pixels } from '../pixels/resample.ts'

const channelsOf = ({ data, width, height }: Pixels) => data.length / (width * height)

/** Luminance of every pixel, in whole numbers: (19595·R + 38470·G + 7471·B + ½) / 65,536; the value itself in grey. */
function luminance(image: Pixels): Uint8Array {
  const { data } = image
  if (channelsOf(image) !== 3) return data
  return Uint8Array.from({ length: data.length / 3 }, (_, pixel) => {
    const i = 3 * pixel
    return (19595 * data[i]! + 38470 * data[i + 1]! + 7471 * data[i + 2]! + 32768) >> 16
  })
}

/** `from + factor · (to − from)` in float32, cut to bytes: factor 1 is `to`, 0 is `from`, above 1 goes beyond. */
function blend(from: (index: number) => number, to: Uint8Array, factor: number): Uint8Array {
  const share = Math.fround(factor)
  return to.map((value, index) => {
    const start = from(index)
    return Math.max(0, Math.min(255, Math.fround(start + Math.fround(share * (value - start)))))
  })
}

/** Towards black at 0. */
export const brighten = ({ data }: Pixels, factor: number): Uint8Array => blend(() => 0, data, factor)

/** Towards the image in grey at 0. */
export function colour(image: Pixels, factor: number): Uint8Array {
  const [grey, channels] = [luminance(image), channelsOf(image)]
  return blend(channels === 3 ? (index) => grey[Math.floor(index / 3)]! : (index) => grey[index]!, image.data, factor)
}

/** Towards the mean luminance, a whole number, at 0. */
export function contrast(image: Pixels, factor: number): Uint8Array {
  const grey = luminance(image)
  const mean = Math.floor(grey.reduce((sum, value) => sum + value, 0) / grey.length + 0.5)
  return blend(() => mean, image.data, factor)
}

/** Towards the smoothed image at 0: 5/13 of a pixel and 1/13 of each neighbour; the edge stays as it is. */
export function sharpness(image: Pixels, factor: number): Uint8Array {
  const { data, width, height } = image
  const channels = channelsOf(image)
  const smooth = data.slice()
  const line = width * channels
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * line + channels; i < (y + 1) * line - channels; i++) {
      let sum = 4 * data[i]!
      for (const row of [i - line, i, i + line]) sum += data[row - channels]! + data[row]! + data[row + channels]!
      smooth[i] = Math.floor(sum / 13 + 0.5)
    }
  }
  return blend((index) => smooth[index]!, data, factor)
}

/** Keeps the first `bits` bits of every value. */
export function posterize({ data }: Pixels, bits: number): Uint8Array {
  const mask = 256 - 2 ** (8 - bits)
  return data.map((value) => value & mask)
}

/** Inverts values from the threshold on. */
export const solarize = ({ data }: Pixels, threshold: number): Uint8Array =>
  data.map((value) => (value < threshold ? value : 255 - value))

/** Stretches every channel to 0 … 255. */
export const autoContrast = (image: Pixels): Uint8Array =>
  byChannel(image, (counts) => {
    const [low, high] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)]
    if (high <= low) return (value) => value
    const scale = 255 / (high - low)
    return (value) => Math.max(0, Math.min(255, Math.trunc(value * scale - low * scale)))
  })

/** Spreads the values of every channel evenly over 0 … 255. */
export const equalize = (image: Pixels): Uint8Array =>
  byChannel(image, (counts) => {
    const last = counts.findLast((count) => count > 0)!
    const step = Math.floor((image.width * image.height - last) / 255)
    if (step === 0) return (value) => value
    const below = counts.map((_, value) => counts.slice(0, value).reduce((sum, count) => sum + count, 0))
    return (value) => Math.min(255, Math.floor((Math.floor(step / 2) + below[value]!) / step))
  })

/** Sends every value of a channel through a map that its histogram decides. */
function byChannel(image: Pixels, mapOf: (counts: readonly number[]) => (value: number) => number): Uint8Array {
  const channels = channelsOf(image)
  const tables = Array.from({ length: channels }, (_, channel) => {
    const counts = Array<number>(256).fill(0)
    for (let i = channel; i < image.data.length; i += channels) counts[image.data[i]!]!++
    const map = mapOf(counts)
    return Uint8Array.from({ length: 256 }, (_, value) => map(value))
  })
  return image.data.map((value, index) => tables[index % channels]![value]!)
}
