import { createHash } from 'node:crypto'
import path from 'node:path'
import { type Dataset, fail, type Sample, type Split } from '@tricklab/core'
import type { Photo } from '@tricklab/core/contracts'
import { checkIndex } from '../check-index.ts'
import { type Rendering, renderedSize } from '../decode/decode.ts'
import { inHouseForm } from '../decode/image-error.ts'
import { readPhoto } from '../decode/read-photo.ts'
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

/** A file of a dataset: what it is for, and what it shows. */
export interface LabelledFile {
  /** Below the dataset's folder, with `/`. */
  readonly file: string
  readonly split: Split
  /** Index into the classes. */
  readonly label: number
}

export type SplitPhotos = Readonly<Record<Split, readonly IndexedPhoto[]>>

export interface PhotoFilesOptions extends Omit<IndexOptions, 'decodeAll'> {
  readonly classes: readonly string[]
  /** What happens to a file that cannot be decoded: `skip` leaves it out and records it. */
  readonly onBadImage: 'fail' | 'skip'
  readonly shrink: Shrink
  /** Absent: the pixels as they are stored. */
  readonly rendering?: Rendering
  /** Sentences for the record. */
  readonly describe?: (photos: SplitPhotos) => readonly string[]
  /** SHA-256 of the dataset before shrinking and rendering; default: of the classes, and of names and contents of the files. */
  readonly digest?: (photos: SplitPhotos) => string
  readonly log: (message: string) => void
}

/**
 * A dataset of image files of known labels, in the order given. Every file is read once, for its hash and its size; what
 * was learned is kept in the cache.
 * @errors E_DATASET_CORRUPT naming a file that cannot be decoded; E_DATASET_READ; E_INTERRUPTED
 */
export async function openPhotoFiles(
  root: string,
  files: readonly LabelledFile[],
  options: PhotoFilesOptions,
): Promise<PhotoDataset> {
  const { classes, onBadImage, shrink, rendering = {}, digest = (of) => digestOf(of, classes), log } = options
  const facts = await indexPhotos(root, files, { ...options, decodeAll: onBadImage === 'skip' })
  const faults = files.filter(({ file }) => facts.get(file)!.fault !== undefined).map(({ file }) => file)
  if (faults.length > 0 && onBadImage === 'fail') refuseFaults(faults.map((file) => facts.get(file)!.fault!))

  const photos: Record<Split, IndexedPhoto[]> = { train: [], valid: [] }
  for (const { file, label, split } of files) {
    const { sha256, fault, ...head } = facts.get(file)!
    if (fault !== undefined) continue
    const place = path.join(root, ...file.split('/'))
    photos[split].push({ path: place, file, label, sha256, ...renderedSize(head, rendering), ...rendering })
  }
  const notes = [...(options.describe?.(photos) ?? []), ...describeFaults(faults), ...describeShrink(shrink)]
  for (const note of notes) log(note)

  const photo = (split: Split, index: number, as = split): IndexedPhoto => {
    checkIndex({ size: (of) => photos[of].length }, split, index)
    return shrinkPhoto(photos[split][index]!, shrink[as])
  }
  return {
    classes,
    digest: renderedDigest(shrunkDigest(digest(photos), shrink), rendering),
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

/**
 * Hash of which images are in which split and class: names and content.
 * @param classes left out where the dataset's name stands for them
 */
export function digestOf(photos: SplitPhotos, classes?: readonly string[]): string {
  const hash = createHash('sha256')
  if (classes !== undefined) hash.update(`${JSON.stringify(classes)}\n`)
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
    expected: 'whole image files.',
    fix: "put the right files in their place, or set the dataset's option onBadImage to 'skip'.",
  })
}
