import { describe, expect, test } from 'vitest'
import type { Augmentation, Crop } from '../contracts.ts'
import { defineTable, type TricklabError } from '../index.ts'
import { opt } from '../options.ts'
import { definePlugin } from '../plugin/define.ts'
import { type NormalRecipe, normalizeRow, stageRecipes, type Track } from './index.ts'

const nothing = () => null as never
const size = { size: opt.integer({ min: 1, default: 8, doc: '' }) }
const parts = definePlugin({
  name: 'parts',
  core: '*',
  register: (on) => [
    on.dataset('photos', { doc: '', options: {}, create: nothing }),
    on.crop('crop', {
      doc: '',
      options: size,
      create: ({ size }) => ({ output: { width: size, height: size } }) as Crop,
    }),
    on.augmentation('cut', {
      doc: '',
      options: size,
      create: ({ size }) => ({ output: () => ({ width: size, height: size }) }) as never as Augmentation,
    }),
    on.model('net', { doc: '', options: {}, create: nothing }),
    on.loss('cross', { doc: '', options: {}, create: nothing }),
    on.optimizer('adam', {
      doc: '',
      options: { learningRate: opt.number({ default: 1, doc: '' }) },
      create: nothing,
    }),
    on.schedule('cycle', { doc: '', options: {}, create: nothing }),
    on.predictor('views', {
      doc: '',
      options: { views: opt.integer({ min: 1, default: 4, doc: '' }) },
      create: nothing,
    }),
  ],
})

const photos = (train: number, valid: number, augment: readonly object[] = []) => ({
  train: { crop: { use: 'crop', size: train }, augment },
  valid: { crop: { use: 'crop', size: valid } },
})
const base = {
  data: { dataset: 'photos', ...photos(128, 128), normalize: { kind: 'none' }, shuffle: true, dropLast: true },
  model: 'net',
  loss: 'cross',
  optimizer: 'adam',
  schedule: 'cycle',
  metrics: [],
  epochs: 7,
  batchSize: 64,
  seeds: [1],
}

function normalize(row: object, head: object = {}): ReturnType<typeof normalizeRow> {
  const definition = { id: 't', title: '', source: '', plugins: [parts], base, rows: { row }, ...head }
  return normalizeRow(defineTable(definition as never), 'row')
}
function said(row: object, head: object = {}): string[] {
  try {
    normalize(row, head)
    return []
  } catch (error) {
    return (error as TricklabError).problems.map(({ what, received }) => `${what} ${received}`)
  }
}

describe('a predictor', () => {
  test('is in the recipe and its hash where a row names one, with its defaults, and nowhere else', () => {
    const plain = normalize({})
    expect(plain.recipe).not.toHaveProperty('predictor')
    const { recipe, hash } = normalize({ change: { predictor: 'views' } })
    expect(recipe).toEqual({ ...plain.recipe, predictor: { use: 'views', views: 4 } })
    expect(hash).not.toBe(plain.hash)
    expect(normalize({ change: { predictor: { use: 'views', views: 4 } } }).hash).toBe(hash)
  })

  test("is the row's: every stage's recipe has it, no stage may name one", () => {
    const stages = [{ epochs: 1 }, { epochs: 2 }]
    const { recipe } = normalize({ change: { predictor: 'views' }, stages })
    expect(recipe.predictor).toEqual({ use: 'views', views: 4 })
    for (const stage of recipe.stages!) expect(stage).not.toHaveProperty('predictor')
    const uses = stageRecipes(recipe).map((stage: NormalRecipe) => stage.predictor?.use)
    expect(uses).toEqual(['views', 'views'])
    expect(said({ stages: [{ epochs: 1, predictor: 'views' }] })[0]).toContain('unknown key "predictor"')
  })

  test('that no plugin registers is told with the nearest name', () => {
    expect(said({ change: { predictor: 'view' } })[0]).toContain('names the predictor "view"')
  })
})

describe('a track', () => {
  const track: Track = { name: 'leaderboard', forbids: ['several-views', 'larger-validation'] }
  const head = { track }

  test('is no part of the hash', () => {
    expect(normalize({}, head).hash).toBe(normalize({}).hash)
  })

  test.each([
    ['the table', {}, head],
    ['the row', head, {}],
  ])('of %s refuses several views', (_, row, table) => {
    expect(said({ ...row, change: { predictor: 'views' } }, table)).toEqual([
      't/row scores several views of an image, which the track "leaderboard" forbids. "views".',
    ])
    expect(said({ ...row }, table)).toEqual([])
  })

  test('refuses validation images larger than those of the training, in any stage', () => {
    const larger = 'validates with larger images than it trains with, which the track "leaderboard" forbids.'
    expect(said({ change: { data: photos(128, 160) } }, head)).toEqual([`t/row ${larger} 160 × 160.`])
    expect(said({ change: { data: photos(128, 160) } })).toEqual([])
    // What an augmentation cuts out is what training sees.
    const cut = [{ use: 'cut', size: 224 }]
    expect(said({ change: { data: photos(460, 224, cut) } }, head)).toEqual([])
    expect(said({ change: { data: photos(460, 320, cut) } }, head)).toHaveLength(1)
    const stages = [{ epochs: 1 }, { epochs: 1, data: photos(128, 192) }]
    expect(said({ stages }, head)).toEqual([`t/row ${larger} 192 × 192.`])
  })

  test('forbids what it names and nothing else', () => {
    const only = { track: { name: 'one view', forbids: ['several-views'] } }
    expect(said({ change: { data: photos(128, 160) } }, only)).toEqual([])
    expect(said({ change: { predictor: 'views' } }, only)).toEqual([
      't/row scores several views of an image, which the track "one view" forbids. "views".',
    ])
    expect(said({ change: { predictor: 'views' } }, { track: { name: 'free', forbids: [] } })).toEqual([])
  })

  test.each([
    'leaderboard',
    null,
    { name: 'x' },
    { name: 'x', forbids: ['everything'] },
    { name: 'x', forbids: 'several-views' },
  ])('%j is refused', (wrong) => {
    expect(said({}, { track: wrong })[0]).toMatch(/^t\/row: "track" is missing or not of the right form\./)
  })

  test('with a misspelt key is refused', () => {
    expect(said({}, { track: { ...track, forbid: [] } })).toEqual([
      't/row track has an unknown key "forbid". "forbid".',
    ])
  })
})
