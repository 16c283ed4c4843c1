import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { readFolder } from '../folder/read-folder.ts'
import type { PhotoClass } from './families.ts'

/** An image of an extracted archive. */
export interface ListedPhoto {
  /** Below the dataset's folder, with `/`: `train/n02086240/n02086240_1.JPEG`. */
  readonly file: string
  readonly folder: 'train' | 'val'
  /** Index of its class. */
  readonly label: number
}

const folders = ['train', 'val'] as const

/** The folder with `train` and `val`: the given one, or the only such folder in it. */
export async function findRoot(folder: string): Promise<string | undefined> {
  if (await isDataset(folder)) return folder
  const names = await readdir(folder).catch((): string[] => [])
  for (const name of names.sort()) {
    const candidate = path.join(folder, name)
    if (await isDataset(candidate)) return candidate
  }
  return undefined
}

/** True for a folder with `train` and `val`. */
export async function isDataset(folder: string): Promise<boolean> {
  for (const part of folders) {
    if (!(await stat(path.join(folder, part)).catch(() => undefined))?.isDirectory()) return false
  }
  return true
}

/**
 * Lists `{train,val}/<synset>/*.JPEG` in the order of synset and name, the same on every machine.
 * @errors E_DATASET_READ; E_DATASET_CORRUPT for an empty class folder, and when the class folders are not the dataset's in both splits
 */
export async function listPhotos(root: string, classes: readonly PhotoClass[]): Promise<ListedPhoto[]> {
  const known = classes.map(({ synset }) => synset)
  const synsets = { train: await classFolders(root, 'train', known), val: await classFolders(root, 'val', known) }
  checkEqual(root, synsets.train, synsets.val)
  checkKnown(root, synsets.train, known)
  const photos: ListedPhoto[] = []
  for (const folder of folders) {
    for (const [label, { synset }] of classes.entries()) {
      const place = path.join(root, folder, synset)
      const names = (await readFolder(place))
        .map(({ name }) => name)
        .filter(isImageName)
        .sort()
      if (names.length === 0) {
        fail('E_DATASET_CORRUPT', {
          what: `The class folder ${place} holds no image.`,
          expected: 'at least one .JPEG file.',
          received: 'none.',
          fix: 'unpack the archive again; a copy seems to have been broken off.',
        })
      }
      for (const name of names) photos.push({ file: `${folder}/${synset}/${name}`, folder, label })
    }
  }
  return photos
}

/** Images by their ending; what begins with a dot is the file manager's. */
const isImageName = (name: string) => /\.(jpe?g|png)$/i.test(name) && !name.startsWith('.')

/**
 * The class folders of a split. A folder of another name counts when images lie in it: file managers and archivers leave
 * folders of their own, such as `@eaDir` and `__MACOSX`.
 */
async function classFolders(root: string, folder: 'train' | 'val', known: readonly string[]): Promise<string[]> {
  const entries = await readFolder(path.join(root, folder))
  const names: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.isFile()) continue
    if (known.includes(entry.name) || (await holdsImages(path.join(root, folder, entry.name)))) names.push(entry.name)
  }
  return names.sort()
}

async function holdsImages(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])
  return entries.some((entry) => isImageName(entry.name) && !entry.isDirectory())
}

/** True where a class folder of the dataset is among those of `train`: the photos are of this dataset, whole or not. */
export async function holdsClasses(root: string, classes: readonly PhotoClass[]): Promise<boolean> {
  const names = await readdir(path.join(root, 'train')).catch((): string[] => [])
  return classes.some(({ synset }) => names.includes(synset))
}

function checkEqual(root: string, train: readonly string[], valid: readonly string[]): void {
  const lacking = [
    ...train.filter((synset) => !valid.includes(synset)).map((synset) => path.join(root, 'val', synset)),
    ...valid.filter((synset) => !train.includes(synset)).map((synset) => path.join(root, 'train', synset)),
  ]
  if (lacking.length === 0) return
  fail('E_DATASET_CORRUPT', {
    what: `Training and validation images of ${root} have different classes.`,
    expected: 'the same class folders in train and val.',
    received: `no ${lacking.join(', no ')}.`,
    fix: 'unpack the archive again; a copy seems to have been broken off.',
  })
}

function checkKnown(root: string, found: readonly string[], known: readonly string[]): void {
  const missing = known.filter((synset) => !found.includes(synset))
  const strange = found.filter((synset) => !known.includes(synset))
  if (missing.length === 0 && strange.length === 0) return
  fail('E_DATASET_CORRUPT', {
    what: `The class folders of ${root} are not those of the dataset.`,
    expected: known.join(', '),
    received: [...missing.map((synset) => `no ${synset}`), ...strange.map((synset) => `an unknown ${synset}`)].join(
      ', ',
    ),
    fix: 'pass the folder of the dataset that the recipe names.',
  })
}
