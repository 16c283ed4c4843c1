import { type Crop, opt, type Stream } from '@tricklab/core'
import type { CropPlan, ImageSize } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import { checkRange, checkSource, flipOption, sizeOption, smallImagesOption } from './options.ts'
import { roundHalfEven } from './round.ts'

export interface RandomResizedCropOptions {
  readonly size: number
  readonly minScale: number
  readonly maxScale: number
  readonly minRatio: number
  readonly maxRatio: number
  readonly flip: number
  readonly smallImages: 'enlarge' | 'refuse'
}

const options = {
  size: sizeOption,
  minScale: opt.number({
    above: 0,
    max: 1,
    default: 0.08,
    unit: 'share of the area',
    doc: 'Area of the smallest region that may be cut out, as a share of the image.',
  }),
  maxScale: opt.number({
    above: 0,
    max: 1,
    default: 1,
    unit: 'share of the area',
    doc: 'Area of the largest region that may be cut out, as a share of the image.',
  }),
  minRatio: opt.number({
    above: 0,
    default: 3 / 4,
    unit: 'width / height',
    doc: 'Width divided by height of the tallest region that may be cut out.',
  }),
  maxRatio: opt.number({
    above: 0,
    default: 4 / 3,
    unit: 'width / height',
    doc: 'Width divided by height of the widest region that may be cut out.',
  }),
  flip: flipOption(0.5),
  smallImages: smallImagesOption,
}

/** A rectangle of whole pixels. */
type Region = Pick<CropPlan, 'left' | 'top' | 'width' | 'height'>

/**
 * A region of random area and shape, resized to `size`.
 *
 * Area share uniform in [minScale, maxScale], logarithm of width / height uniform between the ratios' logarithms, sides
 * rounded half to even, position uniform; ten tries, then the largest central region with an allowed ratio.
 * @paper arXiv:1409.4842
 * @differs none from torchvision's `RandomResizedCrop` followed by `RandomHorizontalFlip(flip)`
 */
export const randomResizedCrop = {
  doc: 'Cuts out a region of random area, shape and place, resizes it, and may mirror it.',
  options,
  create: (given: RandomResizedCropOptions) => createRandomResizedCrop(given),
} satisfies Component<'crop', typeof options>

/** @errors E_OPTION_RANGE when a range ends before it begins */
export function createRandomResizedCrop(given: RandomResizedCropOptions): Crop {
  const { size, minScale, maxScale, minRatio, maxRatio, flip } = given
  checkRange('random-resized-crop', ['minScale', minScale], ['maxScale', maxScale])
  checkRange('random-resized-crop', ['minRatio', minRatio], ['maxRatio', maxRatio])
  return {
    output: { width: size, height: size },
    draw(source, stream) {
      checkSource('random-resized-crop', source, size, given.smallImages)
      const region = stream === null ? centralRegion(source, given) : drawRegion(source, given, stream)
      const mirrored = stream !== null && stream.uniform() < flip
      return { ...region, outWidth: size, outHeight: size, flip: mirrored, edges: 'region' }
    },
    smallestRegion: ({ width, height }) => {
      const area = width * height * minScale
      // The last of each is what the central region of a very long image is limited to; sides are rounded as drawn.
      const smallest = (...sides: number[]) => Math.max(1, roundHalfEven(Math.min(...sides)))
      return {
        width: smallest(width, Math.sqrt(area * minRatio), height * maxRatio),
        height: smallest(height, Math.sqrt(area / maxRatio), width / minRatio),
      }
    },
  }
}

function drawRegion(source: ImageSize, given: RandomResizedCropOptions, stream: Stream): Region {
  const { width, height } = source
  const between = (low: number, high: number) => low + (high - low) * stream.uniform()
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * between(given.minScale, given.maxScale)
    const ratio = Math.exp(between(Math.log(given.minRatio), Math.log(given.maxRatio)))
    const w = roundHalfEven(Math.sqrt(area * ratio))
    const h = roundHalfEven(Math.sqrt(area / ratio))
    if (w < 1 || h < 1 || w > width || h > height) continue
    const top = stream.integer(height - h + 1)
    const left = stream.integer(width - w + 1)
    return { left, top, width: w, height: h }
  }
  return centralRegion(source, given)
}

/** The largest central region whose shape is allowed. */
function centralRegion({ width, height }: ImageSize, { minRatio, maxRatio }: RandomResizedCropOptions): Region {
  const ratio = width / height
  const w = ratio > maxRatio ? Math.max(1, roundHalfEven(height * maxRatio)) : width
  const h = ratio < minRatio ? Math.max(1, roundHalfEven(width / minRatio)) : height
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h }
}
