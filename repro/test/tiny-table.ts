import { defineTable } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import type { TrainingTable } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'

/** Two epochs of 3 batches, the last of them smaller, on drawn images of three classes. */
const base = {
  data: {
    dataset: { use: 'synthetic', classes: 3, channels: 1, imageSize: 8, trainSize: 44, validSize: 20 },
    normalize: { kind: 'none' },
    shuffle: true,
    dropLast: false,
  },
  // With batch norm, whose running statistics are weights that no gradient changes.
  model: { use: 'xresnet18', layers: [1], widths: [4], stemWidths: [4, 4] },
  loss: 'cross-entropy',
  optimizer: { use: 'adamw', learningRate: 0.02 },
  schedule: 'constant',
  metrics: ['accuracy'],
  epochs: 2,
  batchSize: 16,
  seeds: [1],
} as const

/** A table whose rows train within a second, for tests of what a plugin does to a whole training. */
export const tinyTable = (plugins: readonly Plugin[], own: object, rows: object): TrainingTable =>
  defineTable({
    id: 'tiny',
    title: 'A table for tests',
    source: 'nowhere',
    plugins: [data, nn, optim, ...plugins],
    base: { ...base, ...own },
    rows: rows as never,
  })
