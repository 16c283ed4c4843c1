import { opt, type Split } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import type { IndexedPhoto } from './open-files.ts'

/** Shorter side in pixels to which the photos of a split are shrunk; 0 leaves them as they are. */
export type Shrink = Readonly<Record<Split, number>>

const shrinkOption = (which: string) =>
  opt.integer({
    min: 0,
    default: 0,
    addedLater: true,
    unit: 'pixels',
    doc: `Shorter side to which every ${which} photo is resized when it is read, before any crop; 0 is off. Smaller photos stay.`,
  })

export const shrinkOptions = { shrinkTrain: shrinkOption('training'), shrinkValid: shrinkOption('validation') }

/**
 * The size of an image whose shorter side is made `shorter` pixels long: aspect kept, the longer side cut to whole
 * pixels, `⌊shorter · long / short⌋`. An image that is not larger keeps its size.
 * @differs none from torchvision's `Resize(shorter)`, but that enlarges smaller images
 */
export function shrunkSize({ width, height }: ImageSize, shorter: number): ImageSize {
  const short = Math.min(width, height)
  if (shorter === 0 || short <= shorter) return { width, height }
  const scaled = (side: number) => (side === short ? shorter : Math.floor((shorter * side) / short))
  return { width: scaled(width), height: scaled(height) }
}

/** The photo in the size in which it is read. */
export function shrinkPhoto(photo: IndexedPhoto, shorter: number): IndexedPhoto {
  const size = shrunkSize(photo, shorter)
  return size.width === photo.width && size.height === photo.height ? photo : { ...photo, ...size, shrunk: true }
}

/** What a record says of it. */
export function describeShrink(shrink: Shrink): string[] {
  const names = { train: 'Training', valid: 'Validation' }
  return (['train', 'valid'] as const).flatMap((split) =>
    shrink[split] === 0
      ? []
      : [`${names[split]} photos are shrunk to a shorter side of ${shrink[split]} px when read.`],
  )
}
