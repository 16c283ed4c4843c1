import path from 'node:path'
import { fail, type Split } from '@tricklab/core'
import { isImageName, listFolders, walkFolder } from '../folder/walk.ts'
import type { LabelledFile } from '../photos/open-files.ts'
import { drawValidation, type ShareOptions } from '../split/draw-validation.ts'

/** Images by class, and the split of each. */
export interface ListedFolder {
  readonly classes: readonly string[]
  readonly files: readonly LabelledFile[]
  /** Sentences for the record. */
  readonly notes: readonly string[]
}

/** Names of the folder that validates, the first that is there. */
const validNames = ['val', 'valid', 'validation', 'test']

/**
 * Lists a folder of photos whose classes are folders: `train/` and `val/` (or `valid/`, `validation/`, `test/`), or one
 * folder of classes of which a share validates.
 * @errors E_DATASET_CLASSES, E_DATASET_READ
 */
export async function listImageFolder(root: string, share: ShareOptions): Promise<ListedFolder> {
  const folders = await listFolders(root)
  const valid = validNames.find((name) => folders.includes(name))
  if (!folders.includes('train')) return listShare(root, '', share)
  return valid === undefined ? listShare(root, 'train', share) : listSplits(root, valid)
}

async function listShare(root: string, below: string, share: ShareOptions): Promise<ListedFolder> {
  const { classes, images, strays } = await listClasses(root, below)
  const splits = drawValidation(
    images.map(({ label }) => label),
    classes,
    share,
  )
  const files = images.map((image, index) => ({ ...image, split: splits[index]! }))
  const drawn = `A share of ${share.validShare} of every class validates, drawn by the number ${share.splitSeed}.`
  return { classes, files: bySplit(files), notes: [drawn, ...describeStrays(strays)] }
}

async function listSplits(root: string, valid: string): Promise<ListedFolder> {
  const train = await listClasses(root, 'train')
  const validation = await listClasses(root, valid)
  checkEqual(root, train.classes, validation.classes, valid)
  const of = (images: readonly { file: string; label: number }[], split: Split) =>
    images.map((image) => ({ ...image, split }))
  return {
    classes: train.classes,
    files: [...of(train.images, 'train'), ...of(validation.images, 'valid')],
    notes: describeStrays([...train.strays, ...validation.strays]),
  }
}

/** The classes of a folder with their images, and files that are none. @errors E_DATASET_CLASSES for an empty class */
async function listClasses(root: string, below: string) {
  const classes = await listFolders(path.join(root, below))
  const images: { file: string; label: number }[] = []
  const strays: string[] = []
  for (const [label, name] of classes.entries()) {
    const folder = path.posix.join(below, name)
    const all = (await walkFolder(path.join(root, folder))).map((file) => path.posix.join(folder, file))
    const own = all.filter(isImageName)
    strays.push(...all.filter((file) => !isImageName(file)))
    if (own.length === 0) refuseEmpty(path.join(root, folder))
    images.push(...own.map((file) => ({ file, label })))
  }
  return { classes, images, strays }
}

function refuseEmpty(folder: string): never {
  return fail('E_DATASET_CLASSES', {
    what: `The class folder ${folder} holds no image.`,
    expected: 'at least one image: JPEG, PNG, WebP, AVIF, TIFF or GIF.',
    received: 'none.',
    fix: 'put images of the class into it, or remove the folder; every folder here is a class.',
  })
}

function checkEqual(root: string, train: readonly string[], valid: readonly string[], name: string): void {
  const lacking = [
    ...train.filter((entry) => !valid.includes(entry)).map((entry) => path.join(root, name, entry)),
    ...valid.filter((entry) => !train.includes(entry)).map((entry) => path.join(root, 'train', entry)),
  ]
  if (lacking.length === 0) return
  fail('E_DATASET_CLASSES', {
    what: `The folders train and ${name} of ${root} have different classes.`,
    expected: 'the same class folders in both.',
    received: `no ${lacking.slice(0, 10).join(', no ')}${lacking.length > 10 ? ' and others' : ''}.`,
    fix: 'add the missing folders with images, or remove their counterparts.',
  })
}

const bySplit = (files: readonly LabelledFile[]) => [
  ...files.filter(({ split }) => split === 'train'),
  ...files.filter(({ split }) => split === 'valid'),
]

function describeStrays(strays: readonly string[]): string[] {
  if (strays.length === 0) return []
  const named = strays.slice(0, 5).join(', ')
  const more = strays.length > 5 ? ` and ${strays.length - 5} more` : ''
  return [
    `${strays.length === 1 ? 'A file that is' : `${strays.length} files that are`} no image by name left aside: ${named}${more}.`,
  ]
}
