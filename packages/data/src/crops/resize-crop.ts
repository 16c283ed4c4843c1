import { type Crop, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { checkSource, flipOption, type SmallImages, sizeOption, smallImagesOption } from './options.ts'

const options = {
  size: sizeOption,
  method: opt.choice(['crop', 'squish'], {
    default: 'crop',
    doc: '`crop` takes the largest square, at a random place in training and central in validation; `squish` takes the whole image and does not keep its aspect ratio.',
  }),
  flip: flipOption(0),
  smallImages: smallImagesOption,
}

interface ResizeCropOptions {
  readonly size: number
  readonly method: 'crop' | 'squish'
  readonly flip: number
  readonly smallImages: SmallImages
}

/**
 * The largest square of the image, or the whole of it, resized to `size`: the first step before batch transforms.
 * @differs none from fastai's `Resize` with the methods crop and squish; padding is not offered
 */
export const resizeCrop = {
  doc: 'Resizes either the largest square of an image (at a random place in training, central in validation) or the whole image.',
  options,
  create: ({ size, method, flip, smallImages }: ResizeCropOptions): Crop => ({
    output: { width: size, height: size },
    draw({ width, height }, stream) {
      checkSource('resize-crop', { width, height }, size, smallImages)
      const side = Math.min(width, height)
      const region = method === 'crop' ? { width: side, height: side } : { width, height }
      const across = stream?.uniform() ?? 0.5
      const down = stream?.uniform() ?? 0.5
      return {
        ...region,
        left: Math.floor(across * (width - region.width)),
        top: Math.floor(down * (height - region.height)),
        outWidth: size,
        outHeight: size,
        flip: stream !== null && stream.uniform() < flip,
        edges: 'region',
      }
    },
    smallestRegion: ({ width, height }) =>
      method === 'crop' ? { width: Math.min(width, height), height: Math.min(width, height) } : { width, height },
  }),
} satisfies Component<'crop', typeof options>
