import { type Augmentation, opt, type Stream } from '@tricklab/core'
import type { ImageSize, ImageTransform } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { compose, fitAspect, type Homography, rotation, scaling, warp } from './homography.ts'
import { applyLighting } from './lighting.ts'
import { sampleGrid, shrinkByArea } from './sample-grid.ts'

export interface AugTransformsOptions {
  readonly size: number
  readonly minScale: number
  readonly flip: number
  readonly maxRotate: number
  readonly minZoom: number
  readonly maxZoom: number
  readonly maxWarp: number
  readonly affineChance: number
  readonly maxLighting: number
  readonly lightingChance: number
}

const chance = (standard: number, doc: string) =>
  opt.number({ min: 0, max: 1, default: standard, unit: 'probability', doc })

const options = {
  size: opt.integer({
    min: 0,
    default: 0,
    unit: 'pixels',
    doc: 'Width and height of the resulting images; 0 keeps the size.',
  }),
  minScale: opt.number({
    above: 0,
    max: 1,
    default: 1,
    unit: 'share of the area',
    doc: 'Area of the smallest square that may be cut out, the same for all images of a batch; 1 cuts nothing.',
  }),
  flip: chance(0.5, 'Chance that an image is mirrored left to right.'),
  maxRotate: opt.number({ min: 0, max: 180, default: 10, unit: 'degrees', doc: 'Largest rotation to either side.' }),
  minZoom: opt.number({ above: 0, default: 1, unit: 'factor', doc: 'Smallest factor by which an image is enlarged.' }),
  maxZoom: opt.number({ above: 0, default: 1.1, unit: 'factor', doc: 'Largest factor by which an image is enlarged.' }),
  maxWarp: opt.number({
    min: 0,
    below: 1,
    default: 0.2,
    unit: 'half an image side',
    doc: 'Largest perspective tilt, as a share of half an image side.',
  }),
  affineChance: chance(0.75, 'Chance that an image is rotated; also the chance of zoom, and of each of the two tilts.'),
  maxLighting: opt.number({
    min: 0,
    below: 1,
    default: 0.2,
    unit: 'share',
    doc: 'Largest change of brightness and of contrast.',
  }),
  lightingChance: chance(
    0.75,
    'Chance that an image changes in brightness; also the chance that it changes in contrast.',
  ),
}

/** All random choices for a batch. */
export interface AugmentPlan {
  /** Square cut out of every image, in pixels. */
  readonly crop: { readonly left: number; readonly top: number } & ImageSize
  readonly images: readonly ImagePlan[]
}

interface ImagePlan {
  readonly flip: boolean
  /** Degrees, counter-clockwise. */
  readonly rotate: number
  readonly zoom: number
  /** Where the zoom's centre lies, 0 … 1. */
  readonly zoomX: number
  readonly zoomY: number
  readonly warpX: number
  readonly warpY: number
  /** 0.5 changes nothing. */
  readonly brightness: number
  /** 1 changes nothing. */
  readonly contrast: number
}

/**
 * fastai's `aug_transforms` as one augmentation: mirror, turn, zoom, warp and cut sampled once from one grid with
 * reflection padding, then brightness and contrast in logit space.
 *
 * Point p of the output looks at Warp · Flip · Rotate · Zoom · Crop · p of the input. An image that shrinks by more than
 * two is averaged over areas first.
 * @shape [batch, height, width, channels] to [batch, size, size, channels]
 * @differs fastai samples twice where minScale is below 1, once for the affine part and once for the cut; and it draws the
 * numbers of a batch from global generators
 */
export const augTransforms = {
  doc: "fastai's `aug_transforms`: mirrors, rotates, zooms, warps and crops images in one resampling, then changes brightness and contrast.",
  options,
  create: (given: AugTransformsOptions): Augmentation => ({
    output: (input) => outputSize(given, input),
    apply(images, stream) {
      const [batch, height, width] = images.shape
      const plan = drawAugment(stream, batch, { width, height }, given)
      return applyAugment(images, plan, outputSize(given, { width, height }))
    },
    plan(stream, batch, input) {
      return planTransforms(drawAugment(stream, batch, input, given), input, outputSize(given, input))
    },
  }),
} satisfies Component<'augmentation', typeof options>

const outputSize = ({ size }: AugTransformsOptions, input: ImageSize): ImageSize =>
  size === 0 ? input : { width: size, height: size }

/** Draws the plan of a batch. */
export function drawAugment(
  stream: Stream,
  batch: number,
  source: ImageSize,
  given: AugTransformsOptions,
): AugmentPlan {
  const between = (low: number, high: number) => low + (high - low) * stream.uniform()
  // Both numbers are drawn whatever the chance says, so that one option does not shift the draws of another.
  const maybe = (probability: number, low: number, high: number, neutral: number) => {
    const value = between(low, high)
    return stream.uniform() < probability ? value : neutral
  }
  const { affineChance, maxRotate, maxWarp, lightingChance, maxLighting } = given
  const contrast = Math.log(1 - maxLighting)
  return {
    crop: drawSquare(stream, source, given.minScale),
    images: Array.from({ length: batch }, () => ({
      flip: stream.uniform() < given.flip,
      warpX: maybe(affineChance, -maxWarp, maxWarp, 0),
      warpY: maybe(affineChance, -maxWarp, maxWarp, 0),
      rotate: maybe(affineChance, -maxRotate, maxRotate, 0),
      zoom: maybe(affineChance, given.minZoom, given.maxZoom, 1),
      zoomX: stream.uniform(),
      zoomY: stream.uniform(),
      brightness: maybe(lightingChance, 0.5 * (1 - maxLighting), 0.5 * (1 + maxLighting), 0.5),
      contrast: Math.exp(maybe(lightingChance, contrast, -contrast, 0)),
    })),
  }
}

/** A square of a random share of the area at a random place; the largest central one when ten tries do not fit. */
function drawSquare(stream: Stream, { width, height }: ImageSize, minScale: number): AugmentPlan['crop'] {
  if (minScale === 1) return { left: 0, top: 0, width, height }
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = (minScale + (1 - minScale) * stream.uniform()) * width * height
    const side = Math.round(Math.sqrt(area))
    if (side < 1 || side > width || side > height) continue
    const top = stream.integer(height - side + 1)
    const left = stream.integer(width - side + 1)
    return { left, top, width: side, height: side }
  }
  const side = Math.min(width, height)
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), width: side, height: side }
}

/** Carries out a plan: pure tensor maths. */
export function applyAugment(images: tf.Tensor4D, plan: AugmentPlan, size: ImageSize): tf.Tensor4D {
  const [, height, width] = images.shape
  const maps = plan.images.map((image) => mapOf(image, plan.crop, { width, height }))
  const unlit = plan.images.every((image) => !isLit(image))
  return tf.tidy(() => {
    const shrinkTo = shrunkSize({ width, height }, plan.crop, size)
    const sampled = sampleGrid(shrinkTo === undefined ? images : shrinkByArea(images, shrinkTo), maps, size)
    if (unlit) return sampled
    const [shifts, contrasts] = [plan.images.map(shiftOf), plan.images.map(({ contrast }) => contrast)]
    return applyLighting(sampled, shifts, contrasts)
  })
}

/** The plan for decoding threads. */
export function planTransforms(plan: AugmentPlan, source: ImageSize, size: ImageSize): ImageTransform[] {
  const shrinkTo = shrunkSize(source, plan.crop, size)
  return plan.images.map((image) => ({
    ...(shrinkTo === undefined ? {} : { shrinkTo }),
    map: mapOf(image, plan.crop, source),
    ...(isLit(image) ? { light: { shift: shiftOf(image), contrast: image.contrast } } : {}),
  }))
}

const isLit = ({ brightness, contrast }: ImagePlan) => brightness !== 0.5 || contrast !== 1

/** logit(brightness), which is added to the pixel's logit. */
const shiftOf = ({ brightness }: ImagePlan) => Math.log(brightness / (1 - brightness))

/** Where a point of the output looks in the input, both in [−1, 1] between the outermost pixel centres. */
function mapOf(image: ImagePlan, crop: AugmentPlan['crop'], { width, height }: ImageSize): Homography {
  const shrink = 1 / image.zoom
  const along = (start: number, length: number, whole: number) =>
    whole === 1
      ? ([1, 0] as const)
      : ([(length - 1) / (whole - 1), (2 * start + length - 1) / (whole - 1) - 1] as const)
  const [cropX, moveX] = along(crop.left, crop.width, width)
  const [cropY, moveY] = along(crop.top, crop.height, height)
  const affine = [
    scaling(image.flip ? -1 : 1, 1, 0, 0),
    rotation(image.rotate),
    scaling(shrink, shrink, (1 - shrink) * (2 * image.zoomX - 1), (1 - shrink) * (2 * image.zoomY - 1)),
  ].reduce(compose)
  return [
    warp(image.warpX, image.warpY),
    fitAspect(affine, height / width),
    scaling(cropX, cropY, moveX, moveY),
  ].reduce(compose)
}

/** Areas are averaged where bilinear sampling would skip pixels: by half of what the cut is resized by. */
function shrunkSize({ width, height }: ImageSize, crop: ImageSize, size: ImageSize): ImageSize | undefined {
  const factor = Math.min(crop.width / size.width, crop.height / size.height) / 2
  if (factor <= 1) return undefined
  return { width: Math.floor(width / factor), height: Math.floor(height / factor) }
}
