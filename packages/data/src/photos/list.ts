import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '@tricklab/core'
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
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])
  for (const entry of entries) {
    const candidate = path.join(folder, entry.name)
    if (entry.isDirectory() && (await isDataset(candidate))) return candidate
  }
  return undefined
}

async function isDataset(folder: string): Promise<boolean> {
  for (const part of folders) {
    if (!(await stat(path.join(folder, part)).catch(() => undefined))?.isDirectory()) return false
  }
  return true
}

/**
 * Lists `{train,val}/<synset>/*.JPEG` in the order of synset and name, the same on every machine.
 * @errors E_DATASET_CORRUPT for an empty class folder, and when the class folders are not the dataset's in both splits
 */
export async function listPhotos(root: string, classes: readonly PhotoClass[]): Promise<ListedPhoto[]> {
  const synsets = { train: await classFolders(root, 'train'), val: await classFolders(root, 'val') }
  checkEqual(root, synsets.train, synsets.val)
  checkKnown(root, synsets.train, classes)
  const photos: ListedPhoto[] = []
  for (const folder of folders) {
    for (const [label, { synset }] of classes.entries()) {
      const place = path.join(root, folder, synset)
      const names = (await readdir(place)).filter(isImageName).sort()
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

async function classFolders(root: string, folder: 'train' | 'val'): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true })
  return entries
    .filter((entry) => !entry.name.startsWith('.') && !entry.isFile())
    .map((entry) => entry.name)
    .sort()
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

function checkKnown(root: string, found: readonly string[], classes: readonly PhotoClass[]): void {
  const known = classes.map(({ synset }) => synset)
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
