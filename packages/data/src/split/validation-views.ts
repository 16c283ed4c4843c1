import { createHash } from 'node:crypto'
import type { Dataset, Split } from '@tricklab/core'

/**
 * The validation images in place of the training ones: read through the training crops and augmentations, an epoch of
 * them is a random view of every validation image. Its own validation split is the first image alone, for there must be
 * one.
 *
 * A view: samples are read from the dataset given, which stays the caller's.
 */
export function createValidationViews(dataset: Dataset): Dataset {
  const { readSync, photo, note } = dataset
  const size = (split: Split) => (split === 'train' ? dataset.size('valid') : 1)
  return {
    classes: dataset.classes,
    digest: createHash('sha256').update(`${dataset.digest} views`).digest('hex'),
    ...(note === undefined ? {} : { note }),
    size,
    read: (_, index) => dataset.read('valid', index),
    ...(readSync === undefined ? {} : { readSync: (_, index) => readSync.call(dataset, 'valid', index) }),
    ...(photo === undefined ? {} : { photo: (_, index) => photo.call(dataset, 'valid', index) }),
  }
}
