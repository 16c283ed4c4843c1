import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createRegistry, type Dataset } from '@tricklab/core'
import { drawPhoto } from '@tricklab/testing/photos'
import { data } from '../src/index.ts'
import type { PhotoDataset } from '../src/photos/open-files.ts'

/** Writes small images under these names; the ending says in which format. */
export async function writeImages(root: string, files: readonly string[]): Promise<void> {
  for (const [index, file] of files.entries()) {
    const place = path.join(root, file)
    await mkdir(path.dirname(place), { recursive: true })
    const format = path.extname(file).slice(1).replace(/^jpg$/, 'jpeg') as 'jpeg'
    await writeFile(
      place,
      await drawPhoto(file, 20 + (index % 5), 16)
        .toFormat(format)
        .toBuffer(),
    )
  }
}

/** Names of so many images of each class: `cat/0.jpg`, … */
export const namesOf = (folder: string, counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, index) => path.posix.join(folder, name, `${index}.jpg`)),
  )

/** Opens a dataset of the package as a recipe that names it so. */
export async function openByName(
  use: { readonly use: string; readonly [option: string]: string | number },
  { dataPaths = [], log = () => {} }: { dataPaths?: string[]; log?: (message: string) => void } = {},
): Promise<PhotoDataset> {
  const registry = createRegistry([data], { log })
  const { use: normal, problems } = registry.normalize('dataset', use, 'test')
  if (problems.length > 0) throw new Error(problems.map(({ what }) => what).join())
  const dataset: Dataset = await registry.create('dataset', normal, { dataPaths, onProgress: () => {} })
  return dataset as PhotoDataset
}

/** Files of a split with the names of their classes. */
export const filesOf = (dataset: PhotoDataset, split: 'train' | 'valid'): string[] =>
  Array.from({ length: dataset.size(split) }, (_, index) => {
    const { file, label } = dataset.photo(split, index)
    return `${file} ${dataset.classes[label]}`
  })
