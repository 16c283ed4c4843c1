import type { ImageOperation, ImageSize, ImageTransform } from '@tricklab/core/contracts'
import { operate } from '@tricklab/data/operations'
import { offset4, type ReferenceArray, referenceArray } from './reference-array.ts'

const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1]

/** What an augmentation says as data, carried out pixel by pixel. @shape `[N, H, W, C]` → `[N, H', W', C]` */
export function transformImages(
  images: ReferenceArray,
  transforms: readonly ImageTransform[],
  { width, height }: ImageSize,
): ReferenceArray {
  const [batch, , , channels] = images.shape as readonly [number, number, number, number]
  const result = referenceArray([batch, height, width, channels])
  for (let n = 0; n < batch; n++) {
    const { operations = [], shrinkTo, map = identity, light } = transforms[n]!
    const start = operations.length === 0 ? pixelsOf(images, n) : operatedOn(pixelsOf(images, n), channels, operations)
    const source = shrinkTo === undefined ? start : averageAreas(start, shrinkTo)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = project(map, toUnit(x, width), toUnit(y, height))
        for (let c = 0; c < channels; c++) {
          const value = sample(source, u, v, c)
          result.data[offset4(result.shape, n, y, x, c)] = light === undefined ? value : applyLight(value, light)
        }
      }
    }
  }
  return result
}

/** One image. */
interface Pixels extends ImageSize {
  at(x: number, y: number, channel: number): number
}

function pixelsOf(images: ReferenceArray, n: number): Pixels {
  const [, height, width] = images.shape as readonly [number, number, number]
  return { width, height, at: (x, y, c) => images.data[offset4(images.shape, n, y, x, c)]! }
}

/** The bytes nearest to the pixels, after operations. */
function operatedOn(source: Pixels, channels: number, operations: readonly ImageOperation[]): Pixels {
  const { width, height } = source
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels)
    return Math.round(255 * source.at(pixel % width, Math.floor(pixel / width), i % channels))
  })
  const changed = operate({ data, width, height }, operations)
  return { width, height, at: (x, y, c) => changed[(y * width + x) * channels + c]! / 255 }
}

/** Pixel i out is the mean of the pixels in that ⌊i · in / out⌋ … ⌈(i + 1) · in / out⌉ − 1 cover. */
function averageAreas(source: Pixels, size: ImageSize): Pixels {
  const range = (i: number, length: number, outLength: number) => ({
    from: Math.floor((i * length) / outLength),
    to: Math.ceil(((i + 1) * length) / outLength),
  })
  return {
    ...size,
    at(x, y, c) {
      const across = range(x, source.width, size.width)
      const down = range(y, source.height, size.height)
      let sum = 0
      for (let v = down.from; v < down.to; v++) for (let u = across.from; u < across.to; u++) sum += source.at(u, v, c)
      return sum / ((across.to - across.from) * (down.to - down.from))
    },
  }
}

const toUnit = (pixel: number, length: number) => (length === 1 ? 0 : (2 * pixel) / (length - 1) - 1)

function project(map: readonly number[], x: number, y: number): [number, number] {
  const row = (i: number) => map[3 * i]! * x + map[3 * i + 1]! * y + map[3 * i + 2]!
  return [row(0) / row(2), row(1) / row(2)]
}

/** Bilinear between pixel centres; mirrored beyond the outermost. */
function sample(source: Pixels, u: number, v: number, channel: number): number {
  const x = mirror(((u + 1) / 2) * (source.width - 1), source.width - 1)
  const y = mirror(((v + 1) / 2) * (source.height - 1), source.height - 1)
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [right, bottom] = [Math.min(left + 1, source.width - 1), Math.min(top + 1, source.height - 1)]
  const between = (a: number, b: number, share: number) => a * (1 - share) + b * share
  const upper = between(source.at(left, top, channel), source.at(right, top, channel), x - left)
  const lower = between(source.at(left, bottom, channel), source.at(right, bottom, channel), x - left)
  return between(upper, lower, y - top)
}

/** Into 0 … last, back and forth. */
function mirror(place: number, last: number): number {
  if (last === 0) return 0
  const rest = Math.abs(place) % (2 * last)
  return rest > last ? 2 * last - rest : rest
}

/** sigmoid(contrast · (logit(value) + shift)). */
function applyLight(value: number, { shift, contrast }: NonNullable<ImageTransform['light']>): number {
  return 1 / (1 + Math.exp(-contrast * (Math.log(value / (1 - value)) + shift)))
}
