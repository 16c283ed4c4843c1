/** What holds for every documented table, and the figures that the sources print of the photo tables. */
import { countParams, createRegistry, createRng, type Rng } from '@tricklab/core'
import type { NormalUse } from '@tricklab/core/plugin'
import { createModel, normalizeRow, rowNames } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { tables } from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const rows = tables.flatMap((table) =>
  table.kind === 'training' ? rowNames(table).map((name) => ({ name: `${table.id}/${name}`, table, row: name })) : [],
)

test('every table has an id of its own', () => {
  expect(new Set(tables.map(({ id }) => id)).size).toBe(tables.length)
})

test('every row is a valid recipe with a hash of its own inside its table', () => {
  const names = new Map<string, string>()
  for (const { name, table, row } of rows) {
    const key = `${table.id} ${normalizeRow(table, row).hash}`
    expect(names.get(key), name).toBeUndefined()
    names.set(key, name)
  }
})

test.each(rows)('$name: a documented curve has a value an epoch and ends in the documented mean', ({ table, row }) => {
  const { recipe, reported } = normalizeRow(table, row)
  for (const split of ['train', 'valid'] as const) {
    for (const values of Object.values(reported?.curve?.[split] ?? {})) expect(values).toHaveLength(epochsOf(recipe))
  }
  const last = reported?.curve?.valid?.accuracy?.at(-1)
  const mean = reported?.runs === undefined ? reported?.mean : average(reported.runs)
  // Some sources round their curves to four decimals.
  if (last != null && mean !== undefined) expect(Math.abs(last - mean)).toBeLessThan(1e-4)
})

/** Initialises with zeros: counting takes no random numbers, of which a large model wants many. */
const nothingDrawn: Rng = {
  at: () => ({ ...createRng(1).at(), normal: () => 0, uniform: () => 0 }),
  scope: () => nothingDrawn,
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function epochsOf(recipe: ReturnType<typeof normalizeRow>['recipe']): number {
  return recipe.stages?.reduce((sum, stage) => sum + stage.epochs, 0) ?? recipe.epochs
}

describe('imagewoof', () => {
  const find = (id: string) => {
    const table = tables.find((candidate) => candidate.id === id)
    if (table?.kind !== 'training') throw new Error(`no table ${id}`)
    return table
  }

  // facts of the sources: counted by fastai's summary, which leaves γ of the attention out.
  test.each([
    ['imagewoof-128-5', 'ranger-mish', 23_575_466],
    ['imagewoof-128-5', 'maxblurpool', 23_575_466],
    ['imagewoof-128-5', 'ranger-mish-ssa', 23_641_003],
    ['imagewoof-128-5', 'new-resblock', 23_641_003],
    ['imagenette-128-5', 'replication', 23_547_754],
    // xse_resnext50 with attention, and its γ.
    ['imagewoof-128-5', 'fastai2-maxpool', 25_616_154 + 1],
    ['imagenette-128-5', 'record-2021', 25_616_154 + 1],
    ['imagenette-efficientnet', 'xresnet50', 23_547_754],
    ['imagenette-efficientnet', 'resnet50', 23_528_522],
    ['imagewoof-efficientnet', 'b0-equal-epochs', 4_020_358],
    ['imagewoof-192-5', 'groups-of-8', 12_595_627],
    ['imagewoof-192-5', 'groups-of-8-layers-4-6-8-10', 28_990_123],
    ['imagewoof-192-5', 'groups-of-8-layers-4-6-8-10-unpermuted', 28_990_123],
    ['imagewoof-192-5', 'groups-of-4-layers-4-6-8-10', 28_695_211],
    ['imagewoof-128-5', 'groups-of-16-layers-4-6-8-10', 29_579_947],
    // Two centres a channel of the 3 × 3 beside the three kernels.
    ['imagewoof-128-80', 'twist', 46_275_499 + 2 * (3 * 64 + 4 * 128 + 6 * 256 + 3 * 512)],
    ['imagewoof-128-200', 'no-twist', 23_641_003],
  ])('%s/%s has %i parameters', (id, row, count) => {
    const table = find(id)
    const { recipe } = normalizeRow(table, row)
    const model = createModel(createRegistry(table.plugins), recipe.model, {
      imageShape: [128, 128, 3],
      classes: 10,
      init: nothingDrawn,
    })
    expect(countParams(model.params)).toBe(count)
    model.dispose()
  })

  // No row has these, but the formula of the grouped convolution says what they are.
  test.each([
    ['imagewoof-192-5', 'groups-of-8', 4, 12_459_691],
    ['imagewoof-192-5', 'groups-of-8', 8, 12_595_627],
    ['imagewoof-192-5', 'groups-of-8', 16, 12_867_499],
    ['imagewoof-192-5', 'groups-of-8-layers-4-6-8-10', 16, 29_579_947],
  ])('%s/%s in groups of %i channels has %i parameters', (id, row, channelsPerGroup, count) => {
    const table = find(id)
    const { model: given } = normalizeRow(table, row).recipe
    const conv = { ...(given.slots.conv as NormalUse), channelsPerGroup }
    expect(conv.use).toBe('permuted-groups')
    const changed = { ...given, slots: { ...given.slots, conv } }
    const context = { imageShape: [128, 128, 3], classes: 10, init: nothingDrawn } as const
    const model = createModel(createRegistry(table.plugins), changed, context)
    expect(countParams(model.params)).toBe(count)
    model.dispose()
  })

  // Printed in the logs of the sources: the batch at which the rate begins to fall.
  test.each([
    ['ranger-mish', 12_454, 698],
    ['new-resblock', 9_025, 507],
  ])('%s: the rate falls after batch %i · %i', (row, images, turn) => {
    const table = find('imagewoof-128-5')
    const { recipe } = normalizeRow(table, row)
    const steps = Math.floor(images / recipe.batchSize) * recipe.epochs
    const schedule = createRegistry(table.plugins).create('schedule', recipe.schedule, {
      learningRate: 4e-3,
      totalSteps: steps,
    } as never)
    expect(schedule.at(turn).learningRate).toBe(4e-3)
    expect(schedule.at(turn + 1).learningRate).toBeLessThan(4e-3)
  })
})
