import path from 'node:path'
import { type Component, type DatasetContext, opt, type Services } from '@tricklab/core'
import { type ArchiveSize, archiveSizes } from './archives.ts'
import { openPhotoFolder, type PhotoDataset, shrunkDigest } from './dataset.ts'
import { countsOf, type PhotoFamily } from './families.ts'
import { findPhotos, findPhotosOptions } from './find.ts'
import { knownDigests } from './known-digests.ts'
import { shrinkOptions } from './shrink.ts'

export interface PhotoOptions {
  readonly archive: ArchiveSize
  readonly onBadImage: 'fail' | 'skip'
  readonly orientation: 'stored' | 'exif'
  readonly colours: 'stored' | 'srgb'
  readonly shrinkTrain: number
  readonly shrinkValid: number
}

const options = {
  archive: opt.choice(archiveSizes, {
    default: 'full',
    unit: 'shorter side in pixels',
    doc: 'The published archive to use. `full` has the original photos; `320` and `160` have photos resized to that shorter side, which costs accuracy.',
  }),
  onBadImage: opt.choice(['fail', 'skip'], {
    default: 'fail',
    doc: '`fail` stops before training starts when an image cannot be decoded; `skip` leaves the image out and records how many were left out.',
  }),
  orientation: opt.choice(['stored', 'exif'], {
    default: 'stored',
    addedLater: true,
    doc: 'Direction of a photo: `stored` keeps the pixels as the file stores them, as PIL and fastai do; `exif` turns the photo as its EXIF orientation says.',
  }),
  colours: opt.choice(['stored', 'srgb'], {
    default: 'stored',
    addedLater: true,
    doc: 'Colours of a photo: `stored` keeps the numbers of the file, as PIL and fastai do; `srgb` converts them from the embedded colour profile to sRGB.',
  }),
  ...shrinkOptions,
}

const renderingOf = ({ orientation, colours }: Pick<PhotoOptions, 'orientation' | 'colours'>) => ({
  ...(orientation === 'exif' ? { upright: true } : {}),
  ...(colours === 'srgb' ? { srgb: true } : {}),
})

/** The dataset of a family in one of its versions. */
export function photoComponent(family: PhotoFamily, version: 1 | 2, doc: string) {
  return {
    doc,
    options,
    facts: ({ onBadImage, shrinkTrain, shrinkValid, ...options }: PhotoOptions) => {
      const classes = family.classes.map(({ name }) => name)
      const reading = { ...renderingOf(options), shorterSide: shrinkValid }
      // How many are left out, only the photos tell.
      if (onBadImage === 'skip') return { classes, reading }
      const shrink = { train: shrinkTrain, valid: shrinkValid }
      const digests = knownDigests(family, version).map((digest) => shrunkDigest(digest, shrink))
      return { classes, reading, contents: { ...countsOf(family, version), digests, exhaustive: false } }
    },
    create: (given: PhotoOptions, context: DatasetContext & Services) => openPhotos(family, version, given, context),
  } satisfies Component<'dataset', typeof options>
}

/** @errors E_DATASET_MISSING, E_DATASET_CORRUPT, E_CACHE_WRITE, E_INTERRUPTED */
export async function openPhotos(
  family: PhotoFamily,
  version: 1 | 2,
  { archive, onBadImage, orientation, colours, shrinkTrain, shrinkValid }: PhotoOptions,
  context: DatasetContext & Services,
): Promise<PhotoDataset> {
  const find = findPhotosOptions(family, archive, context)
  const { root, origin } = await findPhotos(find)
  const rebuilt = 'Version 1 rebuilt from version 2: validation is every file named ILSVRC2012_val_*.'
  return openPhotoFolder(root, {
    family,
    version,
    onBadImage,
    rendering: renderingOf({ orientation, colours }),
    shrink: { train: shrinkTrain, valid: shrinkValid },
    cache: path.join(find.cache, 'index'),
    notes: version === 1 ? [rebuilt] : [],
    origin,
    log: (message) => context.log(`${family.archive}: ${message}`),
    onProgress: (done, total) => context.onProgress({ what: `${family.archive}: read`, done, total, unit: 'photos' }),
    signal: context.signal,
  })
}
