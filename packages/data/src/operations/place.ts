// Runs in workers: types of core only.
import type { Pixels } from '../pixels/resample.ts'

/** Where the centre (x + ½, y + ½) of an output pixel looks in the input: two rows of three numbers. */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** Counter-clockwise about the centre of the image. */
export function rotation(degrees: number, { width, height }: Pixels): AffineMap {
  // From 0 to 360 and rounded to 15 digits as in Pillow, so that a quarter turn is exact.
  const angle = (-(((degrees % 360) + 360) % 360) * Math.PI) / 180
  const [cos, sin] = [roundTo15(Math.cos(angle)), roundTo15(Math.sin(angle))]
  const [x, y] = [width / 2, height / 2]
  // The order of the sums is Pillow's.
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y]
}

const roundTo15 = (value: number) => Math.round(value * 1e15) / 1e15

/** The pixel that the centre of each output pixel falls into, in steps of 1/65,536 of a pixel; black outside. */
export function placeNearest({ data, width, height }: Pixels, map: AffineMap): Uint8Array {
  const channels = data.length / (width * height)
  const out = new Uint8Array(data.length)
  const [a, b, c, d, e, f] = map
  const [stepX, stepY, rowX, rowY] = [fixed(a), fixed(d), fixed(b), fixed(e)]
  let [startX, startY] = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)]
  for (let row = 0; row < height; row++, startX += rowX, startY += rowY) {
    for (let column = 0, u = startX, v = startY; column < width; column++, u += stepX, v += stepY) {
      const [x, y] = [Math.floor(u / 65536), Math.floor(v / 65536)]
      if (x < 0 || x >= width || y < 0 || y >= height) continue
      const [from, to] = [(y * width + x) * channels, (row * width + column) * channels]
      for (let channel = 0; channel < channels; channel++) out[to + channel] = data[from + channel]!
    }
  }
  return out
}

const fixed = (value: number) => Math.floor(value * 65536 + 0.5)

/** Bilinear between the four pixels around the place, the outermost repeated; truncated to bytes; black outside. */
export function placeSmooth({ data, width, height }: Pixels, [a, b, c, d, e, f]: AffineMap): Uint8Array {
  const channels = data.length / (width * height)
  const out = new Uint8Array(data.length)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const u = a * (column + 0.5) + b * (row + 0.5) + c
      const v = d * (column + 0.5) + e * (row + 0.5) + f
      if (u < 0 || u >= width || v < 0 || v >= height) continue
      const [x, y] = [Math.floor(u - 0.5), Math.floor(v - 0.5)]
      const [right, down] = [u - 0.5 - x, v - 0.5 - y]
      const [left, top] = [Math.max(x, 0), Math.max(y, 0) * width]
      const [next, below] = [Math.min(x + 1, width - 1), Math.min(y + 1, height - 1) * width]
      const to = (row * width + column) * channels
      for (let channel = 0; channel < channels; channel++) {
        const at = (pixel: number) => data[pixel * channels + channel]!
        const upper = at(top + left) + (at(top + next) - at(top + left)) * right
        const lower = at(below + left) + (at(below + next) - at(below + left)) * right
        out[to + channel] = upper + (lower - upper) * down
      }
    }
  }
  return out
}
