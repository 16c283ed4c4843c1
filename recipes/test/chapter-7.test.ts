/** The tables of the notes on chapter 7: what the page prints, and what the configurations must amount to. */
import { countParams, createRegistry, createRng } from '@tricklab/core'
import { createModel, normalizeRow, rowNames, stageRecipes, type TrainingTable } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { tables } from '../src/index.ts'

const ids = ['224-5', 'progressive', 'mixup-15', 'label-smoothing-15', 'combined'].map((tail) => `imagenette-${tail}`)

beforeAll(async () => {
  await prepareEngine('cpu')
})

function find(id: string): TrainingTable {
  const table = tables.find((candidate) => candidate.id === id)
  if (table?.kind !== 'training') throw new Error(`no table ${id}`)
  return table
}
const every = ids.flatMap((id) => rowNames(find(id)).map((row) => normalizeRow(find(id), row)))

test('all 81 printed epochs are there, and every accuracy is a count of 2,678 images', () => {
  const curves = every.flatMap(({ reported }) => reported?.curve ?? [])
  const accuracies = curves.flatMap(({ valid }) => valid!.accuracy as number[])
  expect(accuracies).toHaveLength(81)
  expect(curves.flatMap(({ train }) => train!.smoothLoss)).toHaveLength(81)
  expect(curves.flatMap(({ valid }) => valid!.loss)).toHaveLength(81)
  const results = every.flatMap(({ reported }) => reported?.runs ?? [])
  expect(results).toHaveLength(8)
  for (const accuracy of [...accuracies, ...results]) {
    // Six decimals of a float32.
    const count = accuracy * 2678
    expect(Math.abs(count - Math.round(count))).toBeLessThan(2678 * 0.6e-6)
  }
})

test('only rows that validate with what they were trained on are documented where the split leaks', () => {
  for (const id of ['imagenette-progressive', 'imagenette-combined']) {
    for (const name of rowNames(find(id))) {
      const { recipe, reported } = normalizeRow(find(id), name)
      const faithful = name.startsWith('seed-faithful')
      expect(recipe.data.split).toBe(faithful ? 'fresh-random' : undefined)
      expect(reported !== undefined).toBe(faithful)
    }
  }
})

// Drawing 25 million weights takes a while.
test.each([
  ['imagenette-224-5', 'fp32', 23_547_754],
  ['imagenette-combined', 'seed-faithful', 25_576_264],
])('%s/%s has %i parameters', { timeout: 240_000 }, (id, row, count) => {
  const table = find(id)
  const { recipe } = normalizeRow(table, row)
  const context = { imageShape: [128, 128, 3], classes: 10, init: createRng(1) } as const
  const model = createModel(createRegistry(table.plugins), recipe.model, context)
  expect(countParams(model.params)).toBe(count)
  model.dispose()
})

test('there are two networks: of ten outputs, and of a thousand after the resizing', () => {
  const outputs = Object.fromEntries(every.map(({ table, recipe }) => [table.id, recipe.model.skeleton.outputs]))
  expect(Object.values(outputs)).toEqual([0, 0, 1000, 1000, 1000])
  const models = every.map(({ recipe: { model } }) => JSON.stringify(model).replace(/"outputs":\d+/, ''))
  expect(new Set(models).size).toBe(1)
})

test('training in stages is fit_one_cycle, then the two cycles of fine_tune', () => {
  const stagesOf = (id: string) =>
    stageRecipes(normalizeRow(find(id), 'seed-faithful').recipe).map(({ epochs, batchSize, optimizer, schedule }) => [
      epochs,
      batchSize,
      optimizer.learningRate,
      schedule.pctStart,
      schedule.div,
    ])
  const fineTuned = (epochs: number) => [
    [1, 64, 1e-3, 0.99, 25],
    [epochs, 64, 5e-4, 0.3, 5],
  ]
  expect(stagesOf('imagenette-progressive')).toEqual([[4, 128, 3e-3, 0.25, 25], ...fineTuned(5)])
  expect(stagesOf('imagenette-combined')).toEqual([[15, 128, 3e-3, 0.25, 25], ...fineTuned(10)])
})

test('callbacks, outputs and normalisation go through all stages; images and batches change once', () => {
  const recipes = stageRecipes(normalizeRow(find('imagenette-combined'), 'seed-faithful').recipe)
  for (const { callbacks, model, data } of recipes) {
    expect(callbacks.map(({ use }) => use)).toEqual(['label-smoothing', 'mixup'])
    expect(model.skeleton.outputs).toBe(1000)
    expect(data.normalize).toEqual({ kind: 'imagenet' })
    expect(data.train!.crop).toMatchObject({ use: 'resize-crop', size: 460 })
  }
  const sizes = recipes.map(({ data }) => [data.train!.augment[0]!.size, data.valid!.crop.size])
  expect(sizes).toEqual([
    [128, 128],
    [224, 224],
    [224, 224],
  ])
})

// Records are bound to these. A change here makes every accepted record of the row worthless, so it must be meant.
test('the hashes of the rows', () => {
  const hashes = [
    ...every,
    ...rowNames(find('imagewoof-224-5')).map((row) => normalizeRow(find('imagewoof-224-5'), row)),
  ]
  expect(Object.fromEntries(hashes.map(({ table, name, hash }) => [`${table.id}/${name}`, hash.slice(0, 16)]))).toEqual(
    {
      'imagenette-224-5/fp16': '2b6490ffa6b426c7',
      'imagenette-224-5/fp32': 'a163b13df7f5c502',
      'imagenette-224-5/normalized': '647339a91381c43d',
      'imagenette-progressive/official-split': '8f434ed6748fc27b',
      'imagenette-progressive/official-split-tta': '816645c907737dcd',
      'imagenette-progressive/seed-faithful': '09d4c7875e99db22',
      'imagenette-progressive/seed-faithful-tta': 'ad000311ec22176c',
      'imagenette-mixup-15/mixup': '5ed9939bc326a2ea',
      'imagenette-label-smoothing-15/label-smoothing': '5c4e4d6182c6e683',
      'imagenette-combined/official-split': '7121667d36ae19a6',
      'imagenette-combined/seed-faithful': '0b0b39d2a62824d6',
      'imagewoof-224-5/fp16': '795d4093d2418796',
      'imagewoof-224-5/fp32': '41433897899d8824',
      'imagewoof-224-5/normalized': 'df9d8435f27ea700',
      'imagewoof-224-5/normalized-128': '08adef717a3e7f6e',
    },
  )
})
