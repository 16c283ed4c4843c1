import { flatAndAnneal, forumData, metrics, presized, ranger } from './forum-2019.ts'

/** a_yasyrev's network: pooled residual block, SSA at the end of the first stage, Mish, MaxBlurPool everywhere. */
export const newResblockModel = {
  use: 'xresnet50',
  stemWidths: [32, 64, 64],
  slots: {
    act: 'mish',
    pool: 'blurpool',
    residual: 'pool-first',
    attention: { use: 'ssa', where: 'stage1-last' },
  },
} as const

/** His notebooks: Imagewoof v2 from the full-size archive, in float32. */
export const newResblock = (size: number) =>
  ({
    data: { dataset: 'imagewoof2', ...presized(size), ...forumData },
    model: newResblockModel,
    loss: 'cross-entropy',
    optimizer: ranger,
    schedule: flatAndAnneal(0.72),
    metrics,
    callbacks: ['label-smoothing'],
    batchSize: 64,
    seeds: [1, 2, 3, 4, 5],
    tolerance: 0.02,
  }) as const
