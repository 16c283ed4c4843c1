import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { drawPhoto, encodePhoto } from '@tricklab/testing/photos'
import type { PhotoFamily } from '../src/photos/families.ts'
import type { TarEntry } from './tar-file.ts'

/** Two classes of a few images. */
export const smallFamily: PhotoFamily = {
  archive: 'small2',
  classes: [
    { synset: 'n001', name: 'first', train: 3, valid: 2 },
    { synset: 'n002', name: 'second', train: 2, valid: 1 },
  ],
}

export { drawPhoto, encodePhoto }

/** Writes `folder/{train,val}/…` with the counts of `smallFamily`; sizes differ. Returns the files, relative. */
export async function writePhotos(folder: string, sizes = { width: 40, height: 30 }): Promise<string[]> {
  const files: string[] = []
  for (const part of ['train', 'val'] as const) {
    for (const { synset, train, valid } of smallFamily.classes) {
      for (let i = 0; i < (part === 'train' ? train : valid); i++) {
        // The last of every class folder was a validation image of ImageNet.
        const last = i === (part === 'train' ? train : valid) - 1
        const file = `${part}/${synset}/${last ? 'ILSVRC2012_val_' : ''}${part}_${synset}_${i}.JPEG`
        const bytes = await encodePhoto(file, sizes.width + 5 * i, sizes.height + 3 * i)
        await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
        await writeFile(path.join(folder, file), bytes)
        files.push(file)
      }
    }
  }
  return files
}

/** The files of a folder as entries of an archive. */
export async function tarEntries(folder: string, files: readonly string[], name: string): Promise<TarEntry[]> {
  const entries = files.map(async (file) => ({
    name: `${name}/${file}`,
    content: await readFile(path.join(folder, file)),
  }))
  return Promise.all(entries)
}
