import { createHash } from 'node:crypto'
import path from 'node:path'
import { type Dataset, fail, type Photo, type Sample, type Split } from '@tricklab/core'
import { checkIndex } from '../check-index.ts'
import { type Rendering, renderedSize } from '../decode/decode.ts'
import { inHouseForm } from '../decode/image-error.ts'
import { readPhoto } from '../decode/read-photo.ts'
import { countsOf, type PhotoFamily } from './families.ts'
import { listPhotos } from './list.ts'
import { describeOrigin, type PhotoOrigin } from './origin.ts'
import { type IndexOptions, indexPhotos } from './photo-index.ts'
import { describeShrink, type Shrink, shrinkPhoto } from './shrink.ts'

/** A photo with the hash of its file. */
export interface IndexedPhoto extends Photo {
  /** Below the dataset's folder, with `/`. */
  readonly file: string
  readonly sha256: string
}

/** A dataset of encoded photos. */
export interface PhotoDataset extends Dataset {
  photo(split: Split, index: number, as?: Split): IndexedPhoto
  /** Files that cannot be decoded and were left out because the recipe says so. */
  readonly skipped: readonly string[]
}

export interface PhotoDatasetOptions extends Omit<IndexOptions, 'decodeAll'> {
  readonly family: PhotoFamily
  /** 1: validation is what ImageNet's validation images were; 2: as the folders say. */
  readonly version: 1 | 2
  readonly onBadImage: 'fail' | 'skip'
  readonly shrink: Shrink
  /** Absent: the pixels as they are stored. */
  readonly rendering?: Rendering
  /** Sentences for the record, to which origin, counts that differ and skipped images are added. */
  readonly notes: readonly string[]
  readonly origin?: PhotoOrigin
  readonly log: (message: string) => void
}

/**
 * Opens an extracted archive: `root/{train,val}/<synset>/*.JPEG`.
 * @errors E_DATASET_CORRUPT naming the file or folder; E_INTERRUPTED
 */
export async function openPhotoFolder(root: string, options: PhotoDatasetOptions): Promise<PhotoDataset> {
  const { family, version, onBadImage, shrink, rendering = {}, log } = options
  const listed = await listPhotos(root, family.classes)
  const facts = await indexPhotos(root, listed, { ...options, decodeAll: onBadImage === 'skip' })
  const faults = listed.filter(({ file }) => facts.get(file)!.fault !== undefined).map(({ file }) => file)
  if (faults.length > 0 && onBadImage === 'fail') refuseFaults(faults.map((file) => facts.get(file)!.fault!))

  const photos: Record<Split, IndexedPhoto[]> = { train: [], valid: [] }
  // As version 2 has them: what the files are does not depend on the version that is made of them.
  const inFolders: Record<Split, IndexedPhoto[]> = { train: [], valid: [] }
  for (const { file, folder, label } of listed) {
    const { sha256, fault, ...head } = facts.get(file)!
    if (fault !== undefined) continue
    const fromValidation = version === 1 ? path.posix.basename(file).startsWith('ILSVRC2012_val_') : folder === 'val'
    const photo = {
      path: path.join(root, ...file.split('/')),
      file,
      label,
      sha256,
      ...renderedSize(head, rendering),
      ...rendering,
    }
    inFolders[folder === 'val' ? 'valid' : 'train'].push(photo)
    photos[fromValidation ? 'valid' : 'train'].push(photo)
  }
  // Version 1 knows no folders: what lies in `val` here may be training data there.
  if (version === 1) for (const split of ['train', 'valid'] as const) photos[split].sort(byClassAndName)
  const notes = [
    ...options.notes,
    ...(options.origin === undefined ? [] : describeOrigin(options.origin, digestOf(inFolders))),
    ...describeCounts(photos, options),
    ...describeFaults(faults),
    ...describeShrink(shrink),
  ]
  for (const note of notes) log(note)

  const photo = (split: Split, index: number, as = split): IndexedPhoto => {
    checkIndex({ size: (of) => photos[of].length }, split, index)
    return shrinkPhoto(photos[split][index]!, shrink[as])
  }
  return {
    classes: family.classes.map(({ name }) => name),
    digest: renderedDigest(shrunkDigest(digestOf(photos), shrink), rendering),
    ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
    skipped: faults,
    size: (split) => photos[split].length,
    photo,
    async read(split, index, as): Promise<Sample> {
      const { path: file, label, shrunk, width: w, height: h, upright, srgb } = photo(split, index, as)
      const shrinkTo = shrunk === true ? { width: w, height: h } : undefined
      const { data, width, height } = await inHouseForm(() => readPhoto({ path: file, shrinkTo, upright, srgb }))
      return { pixels: data, shape: [height, width, 3], label }
    },
  }
}

function byClassAndName(a: IndexedPhoto, b: IndexedPhoto): number {
  const [first, second] = [path.posix.basename(a.file), path.posix.basename(b.file)]
  return a.label - b.label || (first < second ? -1 : 1)
}

/** Hash of which images are in which split and class: names and content. */
function digestOf(photos: Readonly<Record<Split, readonly IndexedPhoto[]>>): string {
  const hash = createHash('sha256')
  for (const split of ['train', 'valid'] as const) {
    for (const { file, label, sha256 } of photos[split]) {
      hash.update(`${split} ${label} ${path.posix.basename(file)} ${sha256}\n`)
    }
  }
  return hash.digest('hex')
}

/** Photos that are shrunk are other images: what was not shrunk keeps its digest. */
export function shrunkDigest(digest: string, { train, valid }: Shrink): string {
  if (train === 0 && valid === 0) return digest
  return createHash('sha256').update(`${digest} shrunk to ${train} ${valid}`).digest('hex')
}

/** Pixels that are turned or converted are others than those stored. */
function renderedDigest(digest: string, { upright = false, srgb = false }: Rendering): string {
  if (!upright && !srgb) return digest
  return createHash('sha256').update(`${digest} upright ${upright} srgb ${srgb}`).digest('hex')
}

function describeCounts(photos: Readonly<Record<Split, readonly IndexedPhoto[]>>, options: PhotoDatasetOptions) {
  const { train, valid } = countsOf(options.family, options.version)
  if (photos.train.length === train && photos.valid.length === valid) return []
  const found = `${photos.train.length} training and ${photos.valid.length} validation images`
  return [`It holds ${found} instead of ${train} and ${valid}.`]
}

function describeFaults(faults: readonly string[]): string[] {
  if (faults.length === 0) return []
  const named = faults.slice(0, 10).join(', ')
  const more = faults.length > 10 ? ` and ${faults.length - 10} more` : ''
  return [`${faults.length} images that cannot be decoded are left out: ${named}${more}.`]
}

/** The faults of the files in their own words, the first few of them. */
function refuseFaults(faults: readonly string[]): never {
  const more = faults.length > 1 ? ` ${faults.length - 1} more images cannot be decoded.` : ''
  return fail('E_DATASET_CORRUPT', {
    what: `${faults[0]}${more}`,
    expected: 'whole JPEG images.',
    fix: "put the published files in their place, or set the dataset's option onBadImage to 'skip'.",
  })
}
