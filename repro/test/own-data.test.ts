import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { definePlugin, defineTable } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { drawPhoto } from '@tricklab/testing/photos'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { checkLog } from '../src/check/check-log.ts'
import { currentRow } from '../src/check/current-row.ts'
import { createCostCounter } from '../src/plan/cost.ts'
import { prepareRows } from '../src/runner/run.ts'
import { evaluateAgain, runKilled, runWhole } from './row-run.ts'

const crops = {
  train: { crop: { use: 'random-resized-crop', size: 12, minScale: 0.5 }, augment: [{ use: 'aug-transforms' }] },
  valid: { crop: { use: 'resize-center-crop', size: 16, margin: 2 } },
}

const tableOf = (own: object) =>
  defineTable({
    id: 'own-data',
    title: 'Crops of any dataset',
    source: 'nowhere',
    plugins: [data, nn, optim],
    base: {
      data: { ...crops, normalize: { kind: 'none' }, shuffle: true, dropLast: true, ...own } as never,
      model: { use: 'xresnet18', layers: [1, 1], widths: [4, 4], stemWidths: [4, 4] },
      loss: 'cross-entropy',
      optimizer: { use: 'adamw', learningRate: 0.02 },
      schedule: 'constant',
      metrics: ['accuracy'],
      epochs: 2,
      batchSize: 8,
      seeds: [1],
    },
    rows: { row: {} },
  })

const synthetic = { use: 'synthetic', classes: 3, imageSize: 14, trainSize: 44, validSize: 20 }
const folder = mkdtempSync(path.join(tmpdir(), 'tricklab-own-'))

beforeAll(async () => {
  vi.stubEnv('TRICKLAB_CACHE', path.join(folder, 'cache'))
  for (const name of ['cat', 'dog']) {
    mkdirSync(path.join(folder, 'pets', name), { recursive: true })
    for (let index = 0; index < 16; index++) {
      const bytes = await drawPhoto(`${name} ${index}`, 20 + index, 22)
        .png()
        .toBuffer()
      writeFileSync(path.join(folder, 'pets', name, `${index}.png`), bytes)
    }
  }
})

test.each([
  ['ready-made grey images', { ...synthetic, channels: 1 }],
  ['ready-made coloured images', { ...synthetic, channels: 3 }],
  ['photos of a folder', { use: 'image-folder', folder: path.join(folder, 'pets') }],
])(
  '%s are cropped, augmented, and validated in another size; killed and resumed to the same bits',
  async (_name, dataset) => {
    const table = tableOf({ dataset })
    const whole = await runWhole(table, 'row')
    expect((await runKilled(table, 'row', whole.batches, 3)).lines).toEqual(whole.lines)
    expect((await evaluateAgain(table, 'row', whole)).seeds).toMatchObject([{ equal: true }])
  },
)

test('a model that cannot take the validation images is refused before the first step', async () => {
  const table = tableOf({ dataset: { ...synthetic, channels: 3 }, valid: { crop: { use: 'resize-crop', size: 64 } } })
  const flat = { ...table, base: { ...table.base, model: { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] } } }
  await expect(runWhole(flat as never, 'row')).rejects.toThrow(/E_SHAPE.*images of \[height 64, width 64/s)
})

test('a dataset of one class is refused before the first step, whoever wrote it', async () => {
  const sample = { pixels: new Uint8Array(192), shape: [8, 8, 3], label: 0 } as const
  const one = definePlugin({
    name: 'one',
    core: '*',
    register: (on) =>
      on.dataset('one', {
        doc: 'One class.',
        options: {},
        create: () => ({ classes: ['cat'], digest: '0'.repeat(64), size: () => 16, read: async () => sample }),
      }),
  })
  const table = tableOf({ dataset: 'one' })
  await expect(runWhole({ ...table, plugins: [...table.plugins, one] }, 'row')).rejects.toThrow(
    /E_DATASET_CLASSES.*"cat" alone/s,
  )
})

describe('a sampler', () => {
  const sampled = (sampler: object) => tableOf({ dataset: { ...synthetic, channels: 1 }, dropLast: false, sampler })

  test.each([
    ['weighted', { use: 'weighted', weights: [1, 2, 3] }],
    ['class-balanced', 'class-balanced'],
    ['subset', { use: 'subset', share: 0.4 }],
    ['repeated-augmentation', 'repeated-augmentation'],
  ])('%s: killed and resumed to the same bits', async (_name, sampler) => {
    const table = sampled(sampler as object)
    const whole = await runWhole(table, 'row')
    expect((await runKilled(table, 'row', whole.batches, 7)).lines).toEqual(whole.lines)
  })

  test('steps are counted alike in the plan, in training and in the check of its record', async () => {
    const table = sampled({ use: 'subset', share: 0.4 })
    const { record } = await runWhole(table, 'row')
    const [row] = prepareRows(table, ['row'])
    // round(0.4 · 44) = 18 images in batches of 8.
    expect(record.logs[0]!.steps.map(({ size }) => size)).toEqual([8, 8, 2, 8, 8, 2])
    const options = { dataPaths: [], progress: () => {}, signal: new AbortController().signal }
    expect(await createCostCounter(options)(row!)).toMatchObject({ steps: 6, trainImages: 36 })
    const plan = currentRow(row!, record.manifest)
    expect(checkLog(record.logs[0]!, plan)).toEqual([])
    const [stage] = plan.stages
    const wrong = checkLog(record.logs[0]!, { ...plan, stages: [{ ...stage!, samples: 44 }] })
    expect(wrong[0]!.what).toMatch(/6 steps instead of 2 × 6/)
  })

  test('leaves the hash alone when it is absent, and is part of it otherwise', () => {
    const hashOf = (own: object) => normalizeRow(tableOf({ dataset: synthetic, ...own }), 'row').hash
    expect(hashOf({ sampler: undefined })).toBe(hashOf({}))
    expect(hashOf({ sampler: 'class-balanced' })).not.toBe(hashOf({}))
    expect(() => hashOf({ sampler: 'clas-balanced' })).toThrow(/E_COMPONENT_UNKNOWN.*did you mean "class-balanced"/s)
  })
})
