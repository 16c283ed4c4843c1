import { createRng, fail, opt, type Split } from '@tricklab/core'

/** For data that do not say themselves which images validate. */
export const shareOptions = {
  validShare: opt.number({
    above: 0,
    below: 1,
    default: 0.2,
    unit: 'share of the images',
    doc: 'Share of the images of every class that validate, if the dataset does not say which images validate; at least one image of a class, and never all of them.',
  }),
  splitSeed: opt.integer({
    min: 0,
    default: 0,
    doc: 'Number from which the validation images are drawn; another number draws other images. The seed of the run has no influence.',
  }),
}

export interface ShareOptions {
  readonly validShare: number
  readonly splitSeed: number
}

/**
 * The split of every image, class by class: round(validShare · n) of the n images of a class validate, one at least.
 * @errors E_DATASET_CLASSES for a class of one image
 */
export function drawValidation(
  labels: readonly number[],
  classes: readonly string[],
  { validShare, splitSeed }: ShareOptions,
): Split[] {
  const splits = labels.map((): Split => 'train')
  const rng = createRng(splitSeed).scope('validation')
  for (const [label, name] of classes.entries()) {
    const own = [...labels.keys()].filter((index) => labels[index] === label)
    if (own.length === 1) {
      fail('E_DATASET_CLASSES', {
        what: `The class "${name}" has one image, which cannot train and validate.`,
        expected: 'at least two images a class.',
        received: '1.',
        fix: 'add images of the class, or remove it.',
      })
    }
    const count = Math.min(own.length - 1, Math.max(1, Math.round(validShare * own.length)))
    for (const place of rng.at(name).permutation(own.length).subarray(0, Math.max(0, count)))
      splits[own[place]!] = 'valid'
  }
  return splits
}
