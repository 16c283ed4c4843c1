import { createRegistry, defineTable } from '@tricklab/core'
import { conflictsOf, normalizeRow } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import { expect, test } from 'vitest'
import { presets } from './presets.ts'

const { rsbA3 } = presets
const crops = { crop: { use: 'random-resized-crop', size: 32 } } as const

test('a recipe spreads a preset over its fields, and goes on beside it', () => {
  const table = defineTable({
    id: 'preset',
    title: 'A preset, spread',
    source: 'arXiv:2110.00476',
    plugins: [data, nn, optim, rsbA3.plugins, labelSmoothing],
    base: {
      data: {
        dataset: 'imagewoof2',
        train: crops,
        valid: { crop: { use: 'resize-center-crop', size: 32 } },
        normalize: { kind: 'imagenet' },
        shuffle: true,
        dropLast: true,
      },
      model: 'xresnet18',
      loss: 'cross-entropy',
      optimizer: 'adamw',
      schedule: 'one-cycle',
      metrics: ['accuracy'],
      epochs: 1,
      batchSize: 8,
      seeds: [1],
    },
    rows: {
      a3: {
        change: {
          data: { train: { ...crops, augment: [rsbA3.augment] } },
          callbacks: [rsbA3.callbacks, 'label-smoothing'],
          loss: rsbA3.loss,
        },
      },
    },
  })
  const registry = createRegistry(table.plugins)
  const { recipe } = normalizeRow(table, 'a3', registry)
  expect(recipe.data.train!.augment).toEqual([{ operations: 2, ...rsbA3.augment[0] }])
  expect(recipe.callbacks.map(({ use }) => use)).toEqual(['mix-choice', 'label-smoothing'])
  expect(recipe.callbacks[0]).toEqual({ chance: 0.5, ...rsbA3.callbacks[0] })
  expect(recipe.loss).toMatchObject(rsbA3.loss)
  expect(conflictsOf(recipe, registry)).toEqual([])
})
