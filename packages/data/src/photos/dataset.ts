import path from 'node:path'
import type { Split } from '@tricklab/core'
import { countsOf, type PhotoFamily } from './families.ts'
import { type ListedPhoto, listPhotos } from './list.ts'
import {
  digestOf,
  type LabelledFile,
  openPhotoFiles,
  type PhotoDataset,
  type PhotoFilesOptions,
  type SplitPhotos,
} from './open-files.ts'
import { describeOrigin, type PhotoOrigin } from './origin.ts'

export interface PhotoFolderOptions extends Omit<PhotoFilesOptions, 'classes' | 'describe' | 'digest'> {
  readonly family: PhotoFamily
  /** 1: validation is what ImageNet's validation images were; 2: as the folders say. */
  readonly version: 1 | 2
  /** Sentences for the record, to which origin and counts that differ are added. */
  readonly notes: readonly string[]
  readonly origin?: PhotoOrigin
}

/**
 * Opens an extracted archive: `root/{train,val}/<synset>/*.JPEG`.
 * @errors E_DATASET_CORRUPT naming the file or folder; E_INTERRUPTED
 */
export async function openPhotoFolder(root: string, options: PhotoFolderOptions): Promise<PhotoDataset> {
  const { family, version, origin, notes, ...rest } = options
  const listed = await listPhotos(root, family.classes)
  return openPhotoFiles(root, version === 1 ? listed.map(asVersion1).sort(byClassAndName) : listed.map(asVersion2), {
    ...rest,
    classes: family.classes.map(({ name }) => name),
    // The family stands for its classes.
    digest: (photos) => digestOf(photos),
    describe: (photos) => [
      ...notes,
      ...(origin === undefined ? [] : describeOrigin(origin, digestOf(inFolders(photos)))),
      ...describeCounts(photos, options),
    ],
  })
}

const splitOf = (folder: string): Split => (folder === 'val' ? 'valid' : 'train')

const asVersion2 = ({ file, folder, label }: ListedPhoto): LabelledFile => ({ file, label, split: splitOf(folder) })

const asVersion1 = ({ file, label }: ListedPhoto): LabelledFile => ({
  file,
  label,
  split: path.posix.basename(file).startsWith('ILSVRC2012_val_') ? 'valid' : 'train',
})

/** Version 1 knows no folders: what lies in `val` here may be training data there. */
function byClassAndName(a: LabelledFile, b: LabelledFile): number {
  const [first, second] = [path.posix.basename(a.file), path.posix.basename(b.file)]
  return a.label - b.label || (first < second ? -1 : 1)
}

/** As version 2 has them: what the files are does not depend on the version that is made of them. */
function inFolders({ train, valid }: SplitPhotos): SplitPhotos {
  const all = [...train, ...valid].sort((a, b) => a.label - b.label || (a.file < b.file ? -1 : 1))
  const of = (split: Split) => all.filter(({ file }) => splitOf(file.split('/')[0]!) === split)
  return { train: of('train'), valid: of('valid') }
}

function describeCounts(photos: SplitPhotos, { family, version }: PhotoFolderOptions): string[] {
  const { train, valid } = countsOf(family, version)
  if (photos.train.length === train && photos.valid.length === valid) return []
  const found = `${photos.train.length} training and ${photos.valid.length} validation images`
  return [`It holds ${found} instead of ${train} and ${valid}.`]
}
