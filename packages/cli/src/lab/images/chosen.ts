import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Dataset, fail, type Json, type Photo, type Row, stageRecipes, TricklabError } from '@tricklab/core'
import { hashJson } from '@tricklab/core/checkpoint'
import { readImageSize } from '@tricklab/data'

/** What the network sees at last, one image at a time and of no random split: the images are chosen by name. */
export function forSingleImages(row: Row): Row {
  const last = stageRecipes(row.recipe).at(-1)!
  const { split: _split, validFraction: _fraction, ...data } = last.data
  return { ...row, recipe: { ...last, batchSize: 1, data: { ...data, shuffle: false } } }
}

/** The dataset with the named images as its validation split: files, or indices of the split that it had. */
export async function chooseImages(row: Row, dataset: Dataset, names: readonly string[]): Promise<Dataset> {
  const chosen: (number | Photo)[] = []
  for (const name of names) chosen.push(isIndex(name) ? indexOf(name, dataset) : await openPhoto(name, row))
  const original = (index: number) => {
    const choice = chosen[index]!
    return typeof choice === 'number' ? choice : 0
  }
  const { photo, readSync } = dataset
  const view: Dataset = {
    classes: dataset.classes,
    // Decoded photos are kept by digest; these are others than the dataset's.
    digest: hashJson([dataset.digest, ...chosen] as unknown as Json),
    size: (split) => (split === 'valid' ? chosen.length : dataset.size(split)),
    read: (split, index) => dataset.read(split, split === 'valid' ? original(index) : index),
    ...(readSync === undefined
      ? {}
      : { readSync: (split, index) => readSync.call(dataset, split, split === 'valid' ? original(index) : index) }),
  }
  if (photo === undefined) return view
  return {
    ...view,
    photo(split, index) {
      const choice = split === 'valid' ? chosen[index]! : index
      return typeof choice === 'number' ? photo.call(dataset, split, choice) : choice
    },
  }
}

function indexOf(name: string, dataset: Dataset): number {
  const index = Number(name)
  if (index < dataset.size('valid')) return index
  return fail('E_ARGUMENT', {
    what: `The validation split has no image ${name}.`,
    expected: `an index below ${dataset.size('valid')}, or a file.`,
    received: `"${name}".`,
    fix: 'name another.',
  })
}

async function openPhoto(file: string, row: Row): Promise<Photo> {
  if (row.recipe.data.valid === undefined) {
    fail('E_ARGUMENT', {
      what: `${row.table.id}/${row.name} does not train on photos, so it has no crop for an image file.`,
      expected: 'indices of its validation split.',
      received: `"${file}".`,
      fix: 'name images by number: 0 1 2.',
    })
  }
  return readPhoto(file, 'files of images, or indices of the validation split.')
}

/** A file as a photo of no class. @errors E_ARGUMENT where there is none */
export async function readPhoto(file: string, expected: string): Promise<Photo> {
  if (!existsSync(file) || !statSync(file).isFile()) {
    fail('E_ARGUMENT', {
      what: `There is no image ${file}.`,
      expected,
      received: `"${file}".`,
      fix: 'check the path.',
    })
  }
  const absolute = path.resolve(file)
  try {
    // Of a camera: as a viewer shows it.
    return {
      path: absolute,
      label: 0,
      upright: true,
      srgb: true,
      ...(await readImageSize(readFileSync(absolute), absolute)),
    }
  } catch (cause) {
    return fail('E_ARGUMENT', {
      what:
        cause instanceof TricklabError
          ? cause.problems[0]!.what
          : `${file} cannot be read: ${(cause as Error).message}.`,
      expected: 'a JPEG or a PNG.',
      received: `"${file}".`,
      fix: 'name another.',
      cause,
    })
  }
}

/** What to call an image that was named so. */
export const titleOf = (name: string): string => (isIndex(name) ? `validation image ${name}` : path.basename(name))

/** Whether a name is an index of the validation split; all others are files. */
export const isIndex = (name: string): boolean => /^\d+$/.test(name)
