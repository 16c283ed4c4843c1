import type { Normalization } from '../batches/normalization.ts'

/** Normalised pixels as bytes of red, green and blue. */
export function toRgb(values: ArrayLike<number>, channels: number, { mean, std }: Normalization): Uint8Array {
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
