import { type Crop, opt } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import { checkSource, type SmallImages, sizeOption, smallImagesOption } from './options.ts'

const options = {
  size: sizeOption,
  smallImages: smallImagesOption,
  extra: opt.number({
    min: 0,
    default: 0.14,
    unit: 'share of size',
    doc: 'The image is squashed to a square of `size` + x pixels, where x is this share of `size`, rounded up to a multiple of 8.',
  }),
}

/**
 * The whole image squashed to a square of `size + x`, x = ⌈extra · size / 8⌉ · 8, aspect not kept, then its centre.
 * @differs none from the validation part of fastai's `RandomResizedCrop`, up to one rounding to bytes
 */
export const squashCenterCrop = {
  doc: 'Squashes the whole image to a square a little larger than `size`, then cuts out its centre.',
  options,
  create: ({ size, extra, smallImages }: { size: number; extra: number; smallImages: SmallImages }): Crop => {
    const squashed = size + Math.ceil((size * extra) / 8) * 8
    const offset = Math.floor((squashed - size) / 2)
    const plan = ({ width, height }: ImageSize) => ({
      left: (offset * width) / squashed,
      top: (offset * height) / squashed,
      width: (size * width) / squashed,
      height: (size * height) / squashed,
    })
    return {
      output: { width: size, height: size },
      draw(source) {
        checkSource('squash-center-crop', source, size, smallImages)
        return { ...plan(source), outWidth: size, outHeight: size, flip: false, edges: 'image' }
      },
      smallestRegion: plan,
    }
  },
} satisfies Component<'crop', typeof options>
