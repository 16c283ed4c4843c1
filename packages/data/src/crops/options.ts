import { fail, opt } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'

/** The option that every crop has. */
export const sizeOption = opt.integer({ min: 1, unit: 'pixels', doc: 'Width and height of the resulting images.' })

/** Chance that a training image is mirrored. */
export const flipOption = (standard: number) =>
  opt.number({
    min: 0,
    max: 1,
    default: standard,
    unit: 'probability',
    doc: 'Chance that a training image is mirrored left to right; validation images never are.',
  })

/** @errors E_OPTION_RANGE when a range ends before it begins */
export function checkRange(crop: string, from: readonly [string, number], to: readonly [string, number]): void {
  if (from[1] <= to[1]) return
  fail('E_OPTION_RANGE', {
    what: `The crop "${crop}" has a range that ends before it begins.`,
    expected: `${from[0]} not above ${to[0]}.`,
    received: `${from[0]} ${from[1]}, ${to[0]} ${to[1]}.`,
  })
}

export type SmallImages = 'enlarge' | 'refuse'

/** What happens to an image that has fewer pixels than come out. */
export const smallImagesOption = opt.choice(['enlarge', 'refuse'], {
  default: 'enlarge',
  doc: '`enlarge` enlarges images that are smaller than `size`, as the sources do; `refuse` stops before training starts and names one of them.',
})

/** @errors E_SHAPE when the image is smaller than the crop and that is refused */
export function checkSource(crop: string, { width, height }: ImageSize, size: number, smallImages: SmallImages): void {
  if (smallImages === 'enlarge' || Math.min(width, height) >= size) return
  fail('E_SHAPE', {
    what: `An image is smaller than the crop "${crop}".`,
    expected: `width and height of at least ${size} pixels.`,
    received: `${width} × ${height}.`,
    fix: "use a larger archive or a smaller crop, or set the crop's option smallImages to 'enlarge'.",
  })
}
