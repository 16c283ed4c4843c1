import { defineTable, listParams, type Model, type Shape, TricklabError } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { data } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { beforeAll, expect, test } from 'vitest'
import { checkLastBatch, checkStages } from './checks.ts'
import { openRow } from './open-row.ts'
import type { OpenStage } from './stages.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Halves images until one pixel is left, where `times` suffices. */
function createHalving(times: number): Model {
  const outputShape = ([height, width]: Shape): Shape => [height >> times, width >> times, 10]
  return { classes: 10, macs: () => 0, layers: [{ name: 'halve', type: 'halve', block: { outputShape } }] } as never
}

const stageOf = (size: number) => ({ source: { imageShape: [size, size, 3] } }) as unknown as OpenStage

test('a stage whose images the model cannot bring down to one score a class is named before training', () => {
  expect(() => checkStages(createHalving(6), [stageOf(64), stageOf(96)])).not.toThrow()
  const check = () => checkStages(createHalving(6), [stageOf(64), stageOf(128)])
  expect(check).toThrow(TricklabError)
  expect(check).toThrow(/\[E_SHAPE\].*stage 2.*\[2, 2, 10\] from images of \[128, 128, 3\]/)
})

test('images of another size in validation must pass the model as well', () => {
  const stage = (train: number, valid: number) => ({
    source: { imageShape: [valid, valid, 3] as const, trainShape: [train, train, 3] as const },
  })
  expect(() => checkStages(createHalving(6), [stage(64, 96)])).not.toThrow()
  expect(() => checkStages(createHalving(6), [stage(64, 128)])).toThrow(/\[E_SHAPE\].*from images of \[128, 128, 3\]/)
  expect(() => checkStages(createHalving(6), [stage(128, 64)])).toThrow(/\[E_SHAPE\].*from images of \[128, 128, 3\]/)
})

/** A network that ends in batch norm on maps of 1 × 1, and 9 images to train with. */
async function openNarrow(change: { batchSize: number; dropLast?: boolean; pooled?: boolean }) {
  const { batchSize, dropLast = false, pooled = false } = change
  const dataset = { use: 'synthetic', classes: 3, imageSize: pooled ? 64 : 12, trainSize: 9, validSize: 3 } as const
  const table = defineTable({
    id: 'last-batch',
    title: 'A last batch of one image',
    source: 'nowhere',
    plugins: [data, nn, optim],
    base: {
      data: { dataset, normalize: { kind: 'none' }, shuffle: true, dropLast },
      model: pooled
        ? { use: 'xresnet18', layers: [1], widths: [4], stemWidths: [4, 4] }
        : { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] },
      loss: 'cross-entropy',
      optimizer: { use: 'adamw', learningRate: 0.01 },
      schedule: 'constant',
      metrics: ['accuracy'],
      epochs: 1,
      batchSize,
      seeds: [1],
    },
    rows: { row: {} },
  })
  return openRow(normalizeRow(table, 'row'))
}

test('a last batch of one image that batch norm cannot take is refused before training, with the way out', async () => {
  const tensors = tf.memory().numTensors
  await expect(openNarrow({ batchSize: 4 })).rejects.toThrow(
    /\[E_SHAPE\].*last batch of an epoch.*Received: 9 training images in batches of 4.*Fix: set `dropLast: true`/,
  )
  expect(tf.memory().numTensors).toBe(tensors)
})

test('batches of one image alone ask for larger batches', async () => {
  await expect(openNarrow({ batchSize: 1 })).rejects.toThrow(/E_SHAPE.*Fix: set `batchSize` to 2 or more/)
})

test.each([
  ['a last batch of one is left out', { batchSize: 4, dropLast: true }],
  ['the last batch holds more', { batchSize: 7 }],
  ['one image fills larger maps', { batchSize: 4, pooled: true }],
])('nothing is refused where %s, and the model stays as it was', async (_, change) => {
  const { stages, model, dispose } = await openNarrow(change)
  const values = () => listParams(model.params).map(({ value }) => [...value.dataSync()])
  const before = values()
  const tensors = tf.memory().numTensors
  checkLastBatch(model, stages)
  expect(values()).toEqual(before)
  expect(tf.memory().numTensors).toBe(tensors)
  await dispose()
})
