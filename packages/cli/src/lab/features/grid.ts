/** Feature maps of one image, channel by channel. */
export interface Features {
  readonly width: number
  readonly height: number
  readonly channels: number
  /** `[height, width, channels]` */
  readonly values: Float32Array
}

export interface Range {
  readonly low: number
  readonly high: number
}

/** Every `channels`-th value from one on. */
export function channelOf({ values, channels }: Features, channel: number): Float32Array {
  return Float32Array.from({ length: values.length / channels }, (_, pixel) => values[pixel * channels + channel]!)
}

/** Least and greatest value of a channel in several images. */
export function rangeOf(images: readonly Features[], channel: number): Range {
  let [low, high] = [Infinity, -Infinity]
  for (const image of images) {
    for (const value of channelOf(image, channel)) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  return { low, high }
}

/** Shares of the pixels that may be darker than black and brighter than white: the edges of an image go far. */
const cut = 0.01

/** Range of the values but for the hundredth at either end. */
export function usualRange(values: Float32Array): Range {
  const sorted = values.toSorted()
  const skipped = Math.floor(cut * sorted.length)
  return { low: sorted[skipped]!, high: sorted[sorted.length - 1 - skipped]! }
}

/** Channels as grey, RGB bytes: black at and below the range, white at and above it; mid-grey where there is none. */
export function grey(values: Float32Array, { low, high }: Range): Uint8Array {
  const pixels = new Uint8Array(values.length * 3)
  for (const [index, value] of values.entries()) {
    const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5
    pixels.fill(Math.round(255 * share), index * 3, index * 3 + 3)
  }
  return pixels
}

/** Three channels as red, green and blue; what is beyond [0, 1] cannot be shown and is drawn as 0 or 1. */
export function colours({ values }: Features): Uint8Array {
  return Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
}

/** `a − b`, value by value. */
export function difference(a: Features, b: Features): Features {
  return { ...a, values: a.values.map((value, index) => value - b.values[index]!) }
}

/** Root of the mean square of a channel. */
export function strength(features: Features, channel: number): number {
  const values = channelOf(features, channel)
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}
