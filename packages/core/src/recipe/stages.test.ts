import { describe, expect, test } from 'vitest'
import { defineTable, TricklabError } from '../index.ts'
import { opt } from '../options.ts'
import { definePlugin } from '../plugin/define.ts'
import { type NormalRecipe, normalizeRow, stageRecipes } from './index.ts'

const nothing = () => null as never
const size = { size: opt.integer({ min: 1, default: 8, doc: '' }) }
const parts = definePlugin({
  name: 'parts',
  core: '*',
  register: (on) => [
    on.dataset('photos', { doc: '', options: size, create: nothing }),
    on.crop('crop', { doc: '', options: size, create: nothing }),
    on.augmentation('augment', { doc: '', options: size, create: nothing }),
    on.model('net', { doc: '', options: {}, create: nothing }),
    on.loss('cross', { doc: '', options: {}, create: nothing }),
    on.loss('square', { doc: '', options: {}, create: nothing }),
    on.optimizer('adam', {
      doc: '',
      options: {
        learningRate: opt.number({ min: 0, default: 0.1, doc: '' }),
        beta: opt.number({ default: 0.9, doc: '' }),
      },
      create: nothing,
    }),
    on.schedule('cycle', { doc: '', options: { pct: opt.number({ default: 0.25, doc: '' }) }, create: nothing }),
    on.metric('accuracy', { doc: '', options: {}, create: () => ({ name: 'accuracy', better: 'higher' }) as never }),
    on.callback('mix', { doc: '', options: { alpha: opt.number({ default: 0.4, doc: '' }) }, create: nothing }),
  ],
})

const base = {
  data: {
    dataset: 'photos',
    train: { crop: { use: 'crop', size: 128 }, augment: ['augment'] },
    valid: { crop: { use: 'crop', size: 128 } },
    normalize: { kind: 'none' },
    shuffle: true,
    dropLast: true,
  },
  model: 'net',
  loss: 'cross',
  optimizer: { use: 'adam', learningRate: 0.2, beta: 0.5 },
  schedule: 'cycle',
  metrics: ['accuracy'],
  callbacks: ['mix'],
  epochs: 7,
  batchSize: 64,
  seeds: [1],
} as const

function loose(rows: { [row: string]: object }, changes: object = {}) {
  return defineTable({ id: 't', title: '', source: '', plugins: [parts], base: { ...base, ...changes }, rows } as never)
}
const rowOf = (row: object, changes: object = {}) => normalizeRow(loose({ row }, changes), 'row')
const recipeOf = (row: object) => rowOf(row).recipe

function problemsOf(rows: { [row: string]: object }, name = 'row') {
  try {
    normalizeRow(loose(rows), name)
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
  return []
}
const whatOf = (row: object) => problemsOf({ row }).map(({ what }) => what)

/** A recipe without what a stage shares with its row. */
function ownOf({ model: _model, metrics: _metrics, ...recipe }: NormalRecipe) {
  const { dataset: _dataset, ...data } = recipe.data
  return { ...recipe, data }
}

const larger = { data: { train: { crop: { size: 224 } }, valid: { crop: { size: 224 } } }, batchSize: 32, epochs: 5 }

describe('stages', () => {
  test('each is a change of the row, not of the stage before', () => {
    const stages = [{ epochs: 4, optimizer: { learningRate: 0.3 }, loss: 'square' }, larger]
    const recipe = recipeOf({ stages })
    const plain = recipeOf({ change: { epochs: 4, optimizer: { learningRate: 0.3 }, loss: 'square' } })
    const second = recipeOf({ change: larger })
    expect(recipe.stages).toEqual([ownOf(plain), ownOf(second)])
    // What stands beside them is the first stage's, with the epochs of all.
    expect(recipe).toEqual({ ...plain, epochs: 9, stages: recipe.stages })
    expect(stageRecipes(recipe)).toEqual([plain, second])
  })

  test('a row without stages has its shape of before, and is its own only stage', () => {
    const recipe = recipeOf({})
    expect(Object.keys(recipe)).not.toContain('stages')
    expect(stageRecipes(recipe)).toEqual([recipe])
  })

  test('one stage alone is a row without stages', () => {
    expect(rowOf({ stages: [{ epochs: 3, batchSize: 8 }] }).hash).toBe(
      rowOf({ change: { epochs: 3, batchSize: 8 } }).hash,
    )
  })

  test('random splits, precision and metrics are shared by all stages', () => {
    const change = { data: { split: 'fresh-random', validFraction: 0.5 }, precision: 'bf16' }
    const recipe = recipeOf({ change, stages: [{ epochs: 1 }, larger] })
    const [first, second] = stageRecipes(recipe)
    for (const stage of [first, second!]) {
      expect(stage).toMatchObject({ precision: 'bf16', data: { split: 'fresh-random', validFraction: 0.5 } })
    }
    expect(JSON.stringify(recipe.stages)).not.toMatch(/split|precision|metrics|dataset/)
  })

  test('are inherited as they are, or replaced', () => {
    const table = loose({
      a: { stages: [{ epochs: 1 }, larger] },
      b: { from: 'a', change: { callbacks: [], optimizer: { beta: 0.6 } } },
      c: { from: 'b', stages: [{ epochs: 2 }, { epochs: 3 }] },
    })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => normalizeRow(table, name).recipe)
    expect(a!.stages!.map(({ callbacks }) => callbacks.length)).toEqual([1, 1])
    expect(b!.stages!.map(({ callbacks, epochs }) => [callbacks.length, epochs])).toEqual([
      [0, 1],
      [0, 5],
    ])
    expect(c!.stages!.map(({ epochs, optimizer }) => [epochs, optimizer.beta])).toEqual([
      [2, 0.6],
      [3, 0.6],
    ])
  })

  test('every change of one changes the hash', () => {
    const rows = [
      {},
      { stages: [{ epochs: 3 }, { epochs: 4 }] },
      { stages: [{ epochs: 4 }, { epochs: 3 }] },
      { stages: [{ epochs: 3 }, { epochs: 4, batchSize: 32 }] },
      { stages: [{ epochs: 3 }, { epochs: 4, schedule: { pct: 0.3 } }] },
      { stages: [{ epochs: 3 }, { epochs: 4, data: { dropLast: false } }] },
      { stages: [{ epochs: 3 }, { epochs: 4, accumulate: 2 }] },
    ]
    expect(new Set(rows.map((row) => rowOf(row).hash)).size).toBe(rows.length)
  })

  test('what is wrong is told with the stage, and what is wrong in the row once', () => {
    expect(whatOf({ change: { epochs: 3 }, stages: [{ epochs: 1 }] })).toEqual([
      't/row names `epochs` although it has stages.',
    ])
    expect(whatOf({ stages: [] })).toEqual(['t/row: "stages" is not of the right form.'])
    expect(whatOf({ stages: { epochs: 1 } })).toEqual(['t/row: "stages" is not of the right form.'])
    expect(whatOf({ stages: [{ epochs: 1 }, {}] })).toEqual(['t/row stage 2 does not say how long it is.'])
    expect(whatOf({ stages: [3, { epochs: 0 }] })).toEqual([
      't/row stage 1 does not say how long it is.',
      't/row stage 2: "epochs" is missing or not of the right form.',
    ])
    const wrong = { epochs: 1, model: 'net', data: { dataset: 'photos', split: 'official' }, optimizer: { beat: 1 } }
    expect(whatOf({ stages: [{ epochs: 1 }, wrong] })).toEqual([
      't/row stage 2 has an unknown key "model".',
      't/row stage 2 data has an unknown key "dataset".',
      't/row stage 2 data has an unknown key "split".',
      't/row stage 2 (optimizer "adam") has no option "beat".',
    ])
    expect(whatOf({ change: { loss: 'croß', epoch: 1 }, stages: [{ epochs: 1 }, larger] })).toEqual([
      't/row has an unknown key "epoch".',
      't/row names the loss "croß", which no plugin of the recipe registers.',
    ])
  })

  test('a row above may have epochs of its own, a row below may not', () => {
    const stages = [{ epochs: 1 }, larger]
    expect(problemsOf({ a: { change: { epochs: 3 } }, row: { from: 'a', stages } })).toEqual([])
    const below = problemsOf({ a: { stages }, row: { from: 'a', change: { epochs: 3 } } })
    expect(below).toEqual([expect.objectContaining({ code: 'E_RECIPE', received: '3.' })])
  })
})

describe('the split', () => {
  const hashOf = (data: object) => rowOf({ change: { data } }).hash

  test('the official one is in no hash; a random one is, with its share', () => {
    expect(hashOf({ split: 'official' })).toBe(hashOf({}))
    expect(hashOf({ split: 'fresh-random' })).toBe(hashOf({ split: 'fresh-random', validFraction: 0.2 }))
    expect(
      new Set([{}, { split: 'fresh-random' }, { split: 'fresh-random', validFraction: 0.3 }].map(hashOf)).size,
    ).toBe(3)
  })

  test.each([
    { split: 'random' },
    { validFraction: 0.2 },
    { split: 'official', validFraction: 0.2 },
    { split: 'fresh-random', validFraction: 1 },
    { split: 'fresh-random', validFraction: 0 },
    { split: 'fresh-random', validFraction: '0.2' },
  ])('%j is refused', (data) => {
    expect(problemsOf({ row: { change: { data } } })).toEqual([expect.objectContaining({ code: 'E_RECIPE' })])
  })
})

describe('accumulate', () => {
  test('1 is in no hash', () => {
    expect(rowOf({ change: { accumulate: 1 } }).hash).toBe(rowOf({}).hash)
    expect(recipeOf({ change: { accumulate: 4 } }).accumulate).toBe(4)
  })

  test.each([0, 1.5, -1, '2', null])('%j is refused', (accumulate) => {
    expect(whatOf({ change: { accumulate } })).toEqual(['t/row: "accumulate" is missing or not of the right form.'])
  })
})

test('types: a stage changes what belongs to a stage', () => {
  type Rows = Parameters<typeof defineTable<[typeof parts]>>[0]['rows']
  const table = (rows: Rows) => rows
  table({ ok: { stages: [{ epochs: 1 }, { epochs: 2, optimizer: { learningRate: 1 }, data: { shuffle: false } }] } })
  // @ts-expect-error a stage has epochs
  table({ row: { stages: [{ batchSize: 2 }] } })
  // @ts-expect-error the model is the row's
  table({ row: { stages: [{ epochs: 1, model: 'net' }] } })
  // @ts-expect-error the dataset is the row's
  table({ row: { stages: [{ epochs: 1, data: { dataset: 'photos' } }] } })
  // @ts-expect-error there is no such loss
  table({ row: { stages: [{ epochs: 1, loss: 'mean' }] } })
})
