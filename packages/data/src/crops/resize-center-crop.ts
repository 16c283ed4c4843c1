import { type Crop, opt } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import { checkSource, type SmallImages, sizeOption, smallImagesOption } from './options.ts'
import { roundHalfEven } from './round.ts'

const options = {
  size: sizeOption,
  smallImages: smallImagesOption,
  margin: opt.integer({
    min: 0,
    default: 32,
    unit: 'pixels',
    doc: 'The shorter side is resized to `size` + `margin` before the central square is cut out.',
  }),
}

/**
 * The whole image resized so that its shorter side is `size + margin`, then the central square of `size`.
 * @differs none from torchvision's `Resize(size + margin)` followed by `CenterCrop(size)`, up to one rounding to bytes
 */
export const resizeCenterCrop = {
  doc: 'Resizes the shorter side to `size` + `margin`, then cuts out the central square.',
  options,
  create: ({ size, margin, smallImages }: { size: number; margin: number; smallImages: SmallImages }): Crop => {
    const plan = (source: ImageSize) => {
      const resized = resizedSize(source, size + margin)
      const scaleX = source.width / resized.width
      const scaleY = source.height / resized.height
      return {
        left: roundHalfEven((resized.width - size) / 2) * scaleX,
        top: roundHalfEven((resized.height - size) / 2) * scaleY,
        width: size * scaleX,
        height: size * scaleY,
      }
    }
    return {
      output: { width: size, height: size },
      draw(source) {
        checkSource('resize-center-crop', source, size, smallImages)
        return { ...plan(source), outWidth: size, outHeight: size, flip: false, edges: 'image' }
      },
      smallestRegion: plan,
    }
  },
} satisfies Component<'crop', typeof options>

/** Aspect kept, the shorter side as given, the longer one cut to whole pixels. */
function resizedSize({ width, height }: ImageSize, shorter: number): ImageSize {
  return width <= height
    ? { width: shorter, height: Math.floor((shorter * height) / width) }
    : { width: Math.floor((shorter * width) / height), height: shorter }
}
