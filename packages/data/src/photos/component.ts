import path from 'node:path'
import { type DatasetContext, opt, type Services } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { type ArchiveSize, archiveSizes } from './archives.ts'
import { openPhotoFolder } from './dataset.ts'
import { countsOf, type PhotoFamily } from './families.ts'
import { findPhotos, findPhotosOptions } from './find.ts'
import { knownDigests } from './known-digests.ts'
import { type PhotoDataset, shrunkDigest } from './open-files.ts'
import { type ReadingOptions, readingFacts, readingOf, readingOptions } from './reading.ts'

export interface PhotoOptions extends ReadingOptions {
  readonly archive: ArchiveSize
}

const options = {
  archive: opt.choice(archiveSizes, {
    default: 'full',
    unit: 'shorter side in pixels',
    doc: 'The published archive to use. `full` has the original photos; `320` and `160` have photos resized to that shorter side, which costs accuracy.',
  }),
  // Recipes named these datasets before photos could be turned or converted.
  ...readingOptions({ orientation: 'stored', colours: 'stored', addedLater: true }),
}

/** The dataset of a family in one of its versions. */
export function photoComponent(family: PhotoFamily, version: 1 | 2, doc: string) {
  return {
    doc,
    options,
    facts: (given: PhotoOptions) => {
      const classes = family.classes.map(({ name }) => name)
      const reading = readingFacts(given)
      // How many are left out, only the photos tell.
      if (given.onBadImage === 'skip') return { classes, reading }
      const digests = knownDigests(family, version).map((digest) => shrunkDigest(digest, readingOf(given).shrink))
      return { classes, reading, contents: { ...countsOf(family, version), digests, exhaustive: false } }
    },
    create: (given: PhotoOptions, context: DatasetContext & Services) => openPhotos(family, version, given, context),
  } satisfies Component<'dataset', typeof options>
}

/** @errors E_DATASET_MISSING, E_DATASET_CORRUPT, E_CACHE_WRITE, E_INTERRUPTED */
export async function openPhotos(
  family: PhotoFamily,
  version: 1 | 2,
  { archive, ...given }: PhotoOptions,
  context: DatasetContext & Services,
): Promise<PhotoDataset> {
  const find = findPhotosOptions(family, archive, context)
  const { root, origin } = await findPhotos(find)
  const rebuilt = 'Version 1 rebuilt from version 2: validation is every file named ILSVRC2012_val_*.'
  return openPhotoFolder(root, {
    family,
    version,
    ...readingOf(given),
    cache: path.join(find.cache, 'index'),
    notes: version === 1 ? [rebuilt] : [],
    origin,
    log: (message) => context.log(`${family.archive}: ${message}`),
    onProgress: (done, total) => context.onProgress({ what: `${family.archive}: read`, done, total, unit: 'photos' }),
    signal: context.signal,
  })
}
