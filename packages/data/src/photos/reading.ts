import { opt } from '@tricklab/core'
import type { PhotoReading } from '@tricklab/core/contracts'
import type { PhotoFilesOptions } from './open-files.ts'
import { shrinkOptions } from './shrink.ts'

/** How the files of any dataset of photos are read. */
export interface ReadingOptions {
  readonly onBadImage: 'fail' | 'skip'
  readonly orientation: 'stored' | 'exif'
  readonly colours: 'stored' | 'srgb'
  readonly shrinkTrain: number
  readonly shrinkValid: number
}

/** The options of a dataset of photos, with its own defaults. */
export function readingOptions(own: {
  readonly orientation: ReadingOptions['orientation']
  readonly colours: ReadingOptions['colours']
  readonly addedLater?: true
}) {
  const later = own.addedLater === undefined ? {} : { addedLater: own.addedLater }
  return {
    onBadImage: opt.choice(['fail', 'skip'], {
      default: 'fail',
      doc: '`fail` stops before training starts when an image cannot be decoded; `skip` leaves the image out and records how many were left out.',
    }),
    orientation: opt.choice(['stored', 'exif'], {
      default: own.orientation,
      ...later,
      doc: 'Direction of a photo: `stored` keeps the pixels as the file stores them, as PIL and fastai do; `exif` turns the photo as its EXIF orientation says.',
    }),
    colours: opt.choice(['stored', 'srgb'], {
      default: own.colours,
      ...later,
      doc: 'Colours of a photo: `stored` keeps the numbers of the file, as PIL and fastai do; `srgb` converts them from the embedded colour profile to sRGB.',
    }),
    ...shrinkOptions,
  }
}

/** What they mean for reading. */
export const readingOf = ({ onBadImage, orientation, colours, shrinkTrain, shrinkValid }: ReadingOptions) =>
  ({
    onBadImage,
    rendering: { ...(orientation === 'exif' ? { upright: true } : {}), ...(colours === 'srgb' ? { srgb: true } : {}) },
    shrink: { train: shrinkTrain, valid: shrinkValid },
  }) satisfies Pick<PhotoFilesOptions, 'onBadImage' | 'rendering' | 'shrink'>

/** How another photo is read like one of the validation split. */
export const readingFacts = (given: ReadingOptions): PhotoReading => ({
  ...readingOf(given).rendering,
  shorterSide: given.shrinkValid,
})
