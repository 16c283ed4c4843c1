import type { NormalizedBatchSource } from '@tricklab/data'

/** Normalised pixels as bytes of red, green and blue. */
export function toRgb(
  values: Float32Array,
  channels: number,
  { mean, std }: NormalizedBatchSource['normalization'],
): Uint8Array {
  const count = values.length / channels
  const pixels = new Uint8Array(count * 3)
  for (let pixel = 0; pixel < count; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = Math.min(colour, channels - 1)
      const value = values[pixel * channels + channel]! * (std[channel] ?? std[0]!) + (mean[channel] ?? mean[0]!)
      pixels[pixel * 3 + colour] = Math.round(255 * Math.min(1, Math.max(0, value)))
    }
  }
  return pixels
}

/** A PNG as part of a page. */
export const dataUri = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`
