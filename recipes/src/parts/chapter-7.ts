/**
 * What the runs of the fastbook notes on chapter 7 have in common: fastai v2's loaders and one-cycle training.
 * The pieces are data for `defineTable`; every table says for itself what it adds.
 */

export const source = "Christian Mills, notes on fastbook's chapter 7 (003_c02ea65f3b71f318.txt)"

/** `Resize(460)`, then `aug_transforms(size, min_scale=.75)`; validation on the central square. */
export const presized = (size: number) =>
  ({
    train: { crop: { use: 'resize-crop', size: 460 }, augment: [{ use: 'aug-transforms', size, minScale: 0.75 }] },
    valid: { crop: { use: 'resize-crop', size } },
  }) as const

/** No splitter was named: fastai then validates with a random fifth of all images, train and val folders together. */
export const randomFifth = { split: 'fresh-random', shuffle: true, dropLast: true } as const

/** fit_one_cycle with the defaults of fastai's Learner: Adam, peak 3e-3. */
export const oneCycle = {
  model: 'xresnet50',
  loss: 'cross-entropy',
  optimizer: { use: 'adam', learningRate: 3e-3 },
  schedule: 'fit-one-cycle',
  metrics: ['accuracy'],
} as const

/** `xresnet50()`: the network of fastai's default, a thousand outputs on ten classes. */
export const thousandOutputs = { use: 'xresnet50', outputs: 1000 } as const

/** Single runs, so the tolerance is what two trainings may differ by. */
export const judged = { seeds: [1, 2, 3], tolerance: 0.02 } as const

/** Epochs as the notes print them: running training loss, validation loss, accuracy. */
type PrintedEpoch = readonly [smoothLoss: number, validLoss: number, accuracy: number]

/** The last accuracy as the result, and every printed number as a curve. */
export function printed(epochs: readonly PrintedEpoch[]) {
  return {
    runs: [epochs.at(-1)![2]],
    curve: {
      train: { smoothLoss: epochs.map(([smoothLoss]) => smoothLoss) },
      valid: { loss: epochs.map(([, loss]) => loss), accuracy: epochs.map(([, , accuracy]) => accuracy) },
    },
  }
}
