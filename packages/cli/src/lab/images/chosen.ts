import path from 'node:path'
import { type Dataset, fail, type Split } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import { givenDataset } from '@tricklab/repro'
import type { DescribedRow } from '@tricklab/train'

/**
 * The named images as the validation split of a dataset: files, or indices of the split that the row has.
 * @param open opens the row's dataset; files alone need it only where its images decide the normalisation
 */
export async function chooseImages(
  described: Pick<DescribedRow, 'row' | 'registry' | 'knownInput'>,
  names: readonly string[],
  open: () => Promise<Dataset>,
): Promise<Dataset> {
  const files = names.filter((name) => !isIndex(name))
  const known = described.knownInput(described.row)
  if (files.length === names.length && known?.normalization !== undefined) return givenDataset(described, files, known)
  const dataset = await open()
  const { classes } = dataset
  const imageShape = known?.imageShape ?? (await dataset.read('train', 0)).shape
  const given = files.length === 0 ? undefined : await givenDataset(described, files, { classes, imageShape })
  return join(dataset, given, names)
}

/** The images of a dataset, and beside them those that were given, in the order of their names. */
function join(dataset: Dataset, given: Dataset | undefined, names: readonly string[]): Dataset {
  let next = 0
  const chosen = names.map((name) =>
    isIndex(name) ? { from: dataset, index: indexOf(name, dataset) } : { from: given!, index: next++ },
  )
  const place = (split: Split, index: number) => (split === 'valid' ? chosen[index]! : { from: dataset, index })
  const view: Dataset = {
    classes: dataset.classes,
    // Decoded photos are kept by digest; these are others than the dataset's.
    digest: hashJson([dataset.digest, given?.digest ?? null, ...chosen.map(({ index }) => index)]),
    size: (split) => (split === 'valid' ? chosen.length : dataset.size(split)),
    read(split, index) {
      const { from, index: original } = place(split, index)
      return from.read(split, original)
    },
  }
  if (dataset.photo === undefined) return view
  return {
    ...view,
    photo(split, index) {
      const { from, index: original } = place(split, index)
      return from.photo!(split, original)
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

/** What to call an image that was named so. */
export const titleOf = (name: string): string => (isIndex(name) ? `validation image ${name}` : path.basename(name))

/** Whether a name is an index of the validation split; all others are files. */
export const isIndex = (name: string): boolean => /^\d+$/.test(name)
