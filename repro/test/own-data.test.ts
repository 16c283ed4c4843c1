import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { drawPhoto } from '@tricklab/testing/photos'
import { beforeAll, expect, test, vi } from 'vitest'
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
