import { flatAndAnneal, ranger } from './forum-2019.ts'

/**
 * What the forum's epoch times were taken with, as far as it says so. Pixels are drawn from a seed: a step on photos
 * costs the same, and the source's times hold reading and validation as well.
 */
export const timed = (imageSize: number, batchSize: number) =>
  ({
    data: {
      dataset: { use: 'synthetic', classes: 10, channels: 3, imageSize, trainSize: batchSize, validSize: 1 },
      normalize: { kind: 'imagenet' },
      shuffle: false,
      dropLast: true,
    },
    model: { use: 'xresnet50', stemWidths: [32, 64, 64] },
    loss: 'cross-entropy',
    optimizer: ranger,
    schedule: flatAndAnneal(0.72),
    metrics: ['accuracy'],
    callbacks: ['label-smoothing'],
    epochs: 1,
    batchSize,
  }) as const

const attention = { use: 'ssa', where: 'stage1-last' } as const

/** What each variant adds to the one before. */
export const adding = {
  ssa: { model: { slots: { attention } } },
  mish: { model: { slots: { act: 'mish' } } },
  maxblurpool: { model: { slots: { pool: 'blurpool' } } },
  newBlock: { model: { slots: { residual: 'pool-first' } } },
} as const
