import path from 'node:path'
import type { DatasetContext, Services } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/files'
import { checkClasses } from './check-classes.ts'
import { type LabelledFile, openPhotoFiles, type PhotoDataset } from './open-files.ts'
import { type ReadingOptions, readingOf } from './reading.ts'

/** Photos as a plugin finds them: what `openPhotos` makes a dataset of. */
export interface OwnPhotos {
  readonly classes: readonly string[]
  readonly files: readonly LabelledFile[]
  /** Sentences for the record. */
  readonly notes?: readonly string[]
}

/**
 * A dataset of labelled image files below a folder, read as the options of `readingOptions` say, with progress and a cache
 * of what was learned of the files.
 * @errors E_DATASET_CLASSES; E_DATASET_CORRUPT naming a file; E_DATASET_READ; E_INTERRUPTED
 */
export async function openPhotos(
  root: string,
  { classes, files, notes = [] }: OwnPhotos,
  reading: ReadingOptions,
  context: DatasetContext & Services,
): Promise<PhotoDataset> {
  const name = path.basename(root)
  checkClasses(root, classes, files)
  const dataset = await openPhotoFiles(root, files, {
    ...readingOf(reading),
    classes,
    describe: () => notes,
    cache: path.join(cacheFolder(), 'photos', 'index'),
    log: (message) => context.log(`${name}: ${message}`),
    onProgress: (done, total) => context.onProgress({ what: `${name}: read`, done, total, unit: 'photos' }),
    signal: context.signal,
  })
  // What was left out may have been all of a class.
  const skipped = new Set(dataset.skipped)
  const left = files.filter(({ file }) => !skipped.has(file))
  if (skipped.size > 0) checkClasses(`What can be decoded of ${root}`, classes, left)
  return dataset
}
