import { defineTable } from '@tricklab/core'
import type { AnyPlugins } from '@tricklab/core/plugin'
import type { TrainingTable } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'

const base = {
  data: {
    dataset: { use: 'synthetic', classes: 3, imageSize: 8, trainSize: 24, validSize: 9 },
    normalize: { kind: 'none' },
    shuffle: true,
    dropLast: false,
  },
  model: { use: 'slowai-cnn', widths: [2, 2, 2, 2] },
  loss: 'cross-entropy',
  optimizer: { use: 'sgd', learningRate: 0.05 },
  schedule: 'constant',
  metrics: ['accuracy'],
  epochs: 2,
  batchSize: 8,
  seeds: [4],
} as const

/** A table that trains in moments. */
export const tinyTable = (rows: object, plugins: AnyPlugins = [], change: object = {}): TrainingTable =>
  defineTable({
    id: 'tiny',
    title: 'Moments of training',
    source: 'nowhere',
    plugins: [data, nn, optim, ...plugins],
    base: { ...base, ...change },
    rows,
  } as never)
