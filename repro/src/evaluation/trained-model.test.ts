import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineTable, listParams } from '@tricklab/core'
import { hashWeights, saveWeights } from '@tricklab/core/checkpoint'
import { type Normalize, normalizeRow, type Row } from '@tricklab/core/recipe'
import type * as tf from '@tricklab/core/tf'
import { data } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { describeRow } from '@tricklab/train'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadTrainedModel } from './trained-model.ts'

function rowOf(dataset: 'imagewoof2' | 'fashion-mnist' | 'synthetic', normalize: Normalize) {
  const crops = {
    train: { crop: { use: 'random-resized-crop', size: 32 }, augment: [] },
    valid: { crop: { use: 'resize-center-crop', size: 32 } },
  } as const
  const table = defineTable({
    id: 'known',
    title: 'What is known without the data',
    source: 'nowhere',
    plugins: [data, nn, optim],
    base: {
      data: { dataset, normalize, shuffle: true, dropLast: true, ...(dataset === 'imagewoof2' ? crops : {}) },
      model: { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] },
      loss: 'cross-entropy',
      optimizer: { use: 'adamw', learningRate: 0.01 },
      schedule: 'constant',
      metrics: ['accuracy'],
      epochs: 1,
      batchSize: 4,
      seeds: [1],
    },
    rows: { row: {} },
  })
  return normalizeRow(table, 'row')
}

const knownInput = (row: Row) => describeRow(row).knownInput(row)

test('classes, size and normalisation are known without the data, where no image decides them', () => {
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
  const photos = knownInput(rowOf('imagewoof2', { kind: 'imagenet' }))!
  expect(photos).toMatchObject({ imageShape: [32, 32, 3], normalization: imagenet })
  expect(photos.classes.slice(0, 2)).toEqual(['Shih-Tzu', 'Rhodesian ridgeback'])
  const clothes = knownInput(rowOf('fashion-mnist', { kind: 'sample-scalar', images: 5 }))!
  expect([clothes.imageShape, clothes.classes.length, clothes.normalization]).toEqual([[28, 28, 1], 10, undefined])
  expect(knownInput(rowOf('synthetic', { kind: 'none' }))).toEqual({
    classes: Array.from({ length: 10 }, (_, index) => `class ${index}`),
    imageShape: [28, 28, 1],
    normalization: { mean: [0], std: [1] },
  })
})

test('the network of a run on photos is built again without the photos', async () => {
  await prepareEngine('cpu')
  const folder = await mkdtemp(path.join(tmpdir(), 'tricklab-trained-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  vi.stubEnv('TRICKLAB_CACHE', path.join(folder, 'cache'))
  vi.stubEnv('TRICKLAB_DATA', '')
  vi.stubEnv('TRICKLAB_OFFLINE', '1')
  const row = rowOf('imagewoof2', { kind: 'none' })
  const before = describeRow(row, { seed: 3 }).createModel(knownInput(row)!)
  const weights = Object.fromEntries(
    listParams(before.params).map(({ path: name, value }) => [name, value as tf.Tensor]),
  )
  await saveWeights(path.join(folder, 'seed-3.safetensors'), weights, {})
  const record = {
    folder,
    logs: [{ seed: 3, end: { weights: await hashWeights(weights) } }],
    manifest: { partial: null },
  }
  const services = { dataPaths: [], progress: () => {}, signal: new AbortController().signal }
  const { model, ...trained } = await loadTrainedModel({ record, row } as never, services)
  expect(trained).toMatchObject({ seed: 3, imageShape: [32, 32, 3], normalization: { mean: [0], std: [1] } })
  const again = Object.fromEntries(listParams(model.params).map(({ path: name, value }) => [name, value as tf.Tensor]))
  expect(await hashWeights(again)).toBe(record.logs[0]!.end.weights)
  model.dispose()
  before.dispose()
})
