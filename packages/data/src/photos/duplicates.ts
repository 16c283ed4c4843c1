import type { Split } from '@tricklab/core'
import type { IndexedPhoto, PhotoDataset } from './open-files.ts'

/** Files of equal bytes. */
export interface Duplicate {
  readonly sha256: string
  /** Their labels differ: at least one is wrong. */
  readonly conflicting: boolean
  /** They are in both splits: validation has seen training data. */
  readonly leaking: boolean
  readonly photos: readonly (IndexedPhoto & { readonly split: Split })[]
}

/** All groups of equal files of a dataset, in the order of their first file. */
export function findDuplicates(dataset: PhotoDataset): Duplicate[] {
  const groups = new Map<string, (IndexedPhoto & { split: Split })[]>()
  for (const split of ['train', 'valid'] as const) {
    for (let index = 0; index < dataset.size(split); index++) {
      const photo = { ...dataset.photo(split, index), split }
      const group = groups.get(photo.sha256)
      if (group === undefined) groups.set(photo.sha256, [photo])
      else group.push(photo)
    }
  }
  return [...groups.entries()]
    .filter(([, photos]) => photos.length > 1)
    .map(([sha256, photos]) => ({
      sha256,
      conflicting: new Set(photos.map(({ label }) => label)).size > 1,
      leaking: new Set(photos.map(({ split }) => split)).size > 1,
      photos,
    }))
}
