import { createHash } from 'node:crypto'
import { type Dataset, fail, type Split, type Stream } from '@tricklab/core'
import { checkIndex } from '../check-index.ts'

/**
 * The same images split at random: `⌊validFraction · n⌋` of all n validate, the others train. fastai's RandomSplitter,
 * which is what a source without a splitter has used.
 *
 * A view: samples are read from the dataset given, which stays the caller's.
 * @errors E_OPTION_RANGE when no image is left to validate with
 * @differs from fastai in the generator, and in keeping the dataset's order within each split
 */
export function createRandomSplit(dataset: Dataset, validFraction: number, stream: Stream): Dataset {
  const trainSize = dataset.size('train')
  const total = trainSize + dataset.size('valid')
  const cut = Math.floor(validFraction * total)
  if (cut === 0) {
    fail('E_OPTION_RANGE', {
      what: 'The random split leaves no image to validate with.',
      expected: 'a share of at least one image.',
      received: `a share of ${validFraction} of ${total} images for validation.`,
    })
  }
  const order = stream.permutation(total)
  // In the dataset's order: photos come class by class, and a limit takes them at equal distances.
  const members = { train: order.slice(cut).sort(), valid: order.slice(0, cut).sort() }

  /** Where a sample of the view lies in the dataset. */
  const place = (split: Split, index: number): [Split, number] => {
    checkIndex({ size: (of) => members[of].length }, split, index)
    const position = members[split][index]!
    return position < trainSize ? ['train', position] : ['valid', position - trainSize]
  }
  const { readSync, photo, note } = dataset
  return {
    classes: dataset.classes,
    digest: createHash('sha256').update(`${dataset.digest} valid `).update(members.valid).digest('hex'),
    ...(note === undefined ? {} : { note }),
    size: (split) => members[split].length,
    read: (split, index) => dataset.read(...place(split, index), split),
    ...(readSync === undefined ? {} : { readSync: (split, index) => readSync.call(dataset, ...place(split, index)) }),
    ...(photo === undefined ? {} : { photo: (split, index) => photo.call(dataset, ...place(split, index), split) }),
  }
}
