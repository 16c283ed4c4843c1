import { describe, expect, test } from 'vitest'
import { formatProblem } from '../errors/index.ts'
import { createRegistry, createRng, defineTable, type Json, TricklabError } from '../index.ts'
import { opt } from '../options.ts'
import { definePlugin } from '../plugin/define.ts'
import {
  createModel,
  defineSummaryTable,
  isTable,
  learningRateOf,
  normalizeRow,
  normalizeSummaryModel,
  rowNames,
  type TrainingTable,
} from './index.ts'

const nothing = () => null as never
const parts = definePlugin({
  name: 'parts',
  core: '*',
  register: (on) => [
    on.dataset('images', { doc: '', options: { size: opt.integer({ min: 1, default: 8, doc: '' }) }, create: nothing }),
    on.model('net', {
      doc: '',
      options: { width: opt.integer({ min: 1, default: 4, doc: '' }) },
      slots: { conv: 'plain', pool: 'max' },
      create: (options, { slot, classes }) => ({ options, classes, conv: slot('conv').use }) as never,
    }),
    on.model('slotless', { doc: '', options: {}, create: (_, { slot }) => slot('conv') as never }),
    on.block('plain', { doc: '', options: {}, create: nothing }),
    on.block('max', { doc: '', options: {}, create: nothing }),
    on.block('blur', { doc: '', options: { taps: opt.integer({ min: 1, default: 3, doc: '' }) }, create: nothing }),
    on.loss('cross', { doc: '', options: {}, create: nothing }),
    on.optimizer('adam', {
      doc: '',
      options: {
        learningRate: opt.number({ min: 0, default: 0.1, doc: '' }),
        beta: opt.number({ default: 0.9, doc: '' }),
      },
      create: () => ({}) as never,
    }),
    on.optimizer('sgd', { doc: '', options: { learningRate: opt.number({ min: 0, doc: '' }) }, create: nothing }),
    on.optimizer('wrapper', {
      doc: '',
      options: { inner: opt.optimizer({ default: 'adam', doc: '' }), k: opt.integer({ default: 5, doc: '' }) },
      create: (options, { create }) =>
        ({ options, inner: create('optimizer', options.inner, {}), together: true }) as never,
    }),
    on.optimizer('decaying', {
      doc: '',
      options: {
        learningRate: opt.number({ default: 0.1, doc: '' }),
        weightDecay: opt.number({ default: 0.01, doc: '' }),
      },
      create: nothing,
    }),
    on.optimizer('rateless', { doc: '', options: { beta: opt.number({ default: 0.9, doc: '' }) }, create: nothing }),
    on.schedule('flat', { doc: '', options: {}, create: nothing }),
    on.metric('accuracy', {
      doc: '',
      options: { average: opt.choice(['micro', 'macro'], { default: 'micro', doc: '' }) },
      create: () => ({ name: 'accuracy', better: 'higher' }) as never,
    }),
    on.callback('mix', { doc: '', options: { alpha: opt.number({ min: 0, default: 0.4, doc: '' }) }, create: nothing }),
  ],
})

const base = {
  data: { dataset: 'images', normalize: { kind: 'none' }, shuffle: true, dropLast: false },
  model: 'net',
  loss: 'cross',
  optimizer: { use: 'adam', learningRate: 0.2 },
  schedule: 'flat',
  metrics: ['accuracy'],
  epochs: 2,
  batchSize: 16,
  seeds: [1, 2],
  tolerance: 0.02,
} as const

/** A table whose rows may be as wrong as a JavaScript file can make them. */
function loose(rows: { [row: string]: object }, changes: object = {}): TrainingTable {
  return defineTable({ id: 't', title: '', source: '', plugins: [parts], base: { ...base, ...changes }, rows } as never)
}
const recipeOf = (change: object) => normalizeRow(loose({ row: { change } }), 'row').recipe
const hashOf = (change: object, changes: object = {}) => normalizeRow(loose({ row: { change } }, changes), 'row').hash

function problemsOf(rows: { [row: string]: object }, name = 'row', changes: object = {}) {
  try {
    normalizeRow(loose(rows, changes), name)
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
  return []
}

describe('normalised rows', () => {
  test('every default is filled in, and every use is long', () => {
    expect(recipeOf({})).toEqual({
      data: { dataset: { use: 'images', size: 8 }, normalize: { kind: 'none' }, shuffle: true, dropLast: false },
      model: { skeleton: { use: 'net', width: 4 }, slots: { conv: { use: 'plain' }, pool: { use: 'max' } } },
      loss: { use: 'cross' },
      optimizer: { use: 'adam', learningRate: 0.2, beta: 0.9 },
      schedule: { use: 'flat' },
      metrics: [{ use: 'accuracy', average: 'micro' }],
      callbacks: [],
      epochs: 2,
      batchSize: 16,
    })
  })

  test('options merge; a new use drops those of the old; short and long forms merge alike', () => {
    expect(recipeOf({ optimizer: { beta: 0.5 } }).optimizer).toEqual({ use: 'adam', learningRate: 0.2, beta: 0.5 })
    expect(recipeOf({ optimizer: { use: 'sgd', learningRate: 1 } }).optimizer).toEqual({ use: 'sgd', learningRate: 1 })
    const kept = { use: 'adam', learningRate: 0.2, beta: 0.9 }
    expect(recipeOf({ optimizer: 'adam' }).optimizer).toEqual(kept)
    expect(recipeOf({ optimizer: { use: 'adam' } }).optimizer).toEqual(kept)
    expect(recipeOf({ model: { width: 9 } }).model.skeleton).toEqual({ use: 'net', width: 9 })
  })

  test('an optimizer inside another is a use of its own: filled in, merged, checked, and built', () => {
    const inner = { use: 'adam', learningRate: 0.1, beta: 0.9 }
    const wrapped = { use: 'wrapper', k: 5, inner }
    expect(recipeOf({ optimizer: 'wrapper' }).optimizer).toEqual(wrapped)
    expect(hashOf({ optimizer: 'wrapper' })).toBe(hashOf({ optimizer: { use: 'wrapper', inner: { use: 'adam' } } }))
    const merged = normalizeRow(
      loose({
        a: { change: { optimizer: { use: 'wrapper', inner: { use: 'adam', beta: 0.5 } } } },
        b: { from: 'a', change: { optimizer: { inner: { learningRate: 3 } } } },
      }),
      'b',
    )
    expect(merged.recipe.optimizer).toEqual({ ...wrapped, inner: { use: 'adam', learningRate: 3, beta: 0.5 } })
    expect(learningRateOf(merged.recipe.optimizer)).toBe(3)
    expect(createRegistry([parts]).create('optimizer', merged.recipe.optimizer, {})).toMatchObject({
      options: { k: 5, inner: merged.recipe.optimizer.inner },
    })
    expect(
      problemsOf({ row: { change: { optimizer: { use: 'wrapper', inner: { use: 'adam', bta: 1 } } } } }),
    ).toMatchObject([
      {
        code: 'E_OPTION_UNKNOWN',
        what: 't/row (optimizer "wrapper"), option "inner" (optimizer "adam") has no option "bta".',
      },
    ])
    expect(problemsOf({ row: { change: { optimizer: { use: 'wrapper', inner: 3 } } } })).toMatchObject([
      { code: 'E_OPTION_TYPE', expected: 'an optimizer: its name, or an object with `use` and its options.' },
    ])
  })

  test('an optimizer without a learning rate is refused: its schedule has nowhere to begin', () => {
    for (const optimizer of ['rateless', { use: 'wrapper', inner: 'rateless' }]) {
      expect(problemsOf({ row: { change: { optimizer } } })).toMatchObject([
        { code: 'E_RECIPE', what: expect.stringContaining('has no learning rate, and none inside it') },
      ])
    }
  })

  test('groups of parameters and first weights are in the hash where a row has them, and nowhere else', () => {
    const digest = 'a'.repeat(64)
    expect(recipeOf({ params: [{ match: 'stem', role: 'bias', learningRate: 0.1, weightDecay: 1 }] }).params).toEqual([
      { match: 'stem', role: ['bias'], learningRate: 0.1 },
    ])
    expect(recipeOf({ params: [{ match: 'stem', freeze: true }] }).params).toEqual([{ match: 'stem', freeze: true }])
    for (const params of [[], [{ match: 'stem' }], [{ match: 'stem', learningRate: 1, freeze: false }]]) {
      expect(recipeOf({ params })).not.toHaveProperty('params')
      expect(hashOf({ params })).toBe(hashOf({}))
    }
    const weights = { file: 'a.safetensors', sha256: digest }
    expect(recipeOf({ weights: { ...weights, except: [] } }).weights).toEqual(weights)
    expect(hashOf({ weights })).not.toBe(hashOf({}))
    const ofRun = { run: 'runs/a', seed: 2, sha256: digest }
    expect(recipeOf({ weights: ofRun }).weights).toEqual(ofRun)
    expect(new Set([weights, ofRun, { ...ofRun, seed: 3 }].map((own) => hashOf({ weights: own }))).size).toBe(3)
    expect(hashOf({ weights: { ...weights, except: ['head'] } })).not.toBe(hashOf({ weights }))
  })

  test('a group may have schedules of its own, which the hash knows', () => {
    const group = { match: 'stem', learningRate: 0.1, schedule: 'flat' }
    expect(recipeOf({ params: [group] }).params).toEqual([{ ...group, schedule: { use: 'flat' } }])
    const decayed = { match: 'stem', decaySchedule: { use: 'flat' } }
    expect(recipeOf({ optimizer: 'decaying', params: [decayed] }).params).toEqual([decayed])
    expect(hashOf({ params: [group] })).not.toBe(hashOf({ params: [{ match: 'stem', learningRate: 0.1 }] }))
    expect(problemsOf({ row: { change: { params: [{ ...group, schedule: 'flt' }] } } })).toMatchObject([
      { code: 'E_COMPONENT_UNKNOWN', what: expect.stringContaining('the schedule "flt"') },
    ])
  })

  test.each([
    [{ params: [{ match: 'stem', freeze: true, schedule: 'flat' }] }, /"freeze".*no schedule beside it/],
    [{ params: [{ match: 'stem', schedule: 3 }] }, /"schedule" is missing or not of the right form/],
    [
      { params: [{ match: 'stem', decaySchedule: 'flat' }] },
      /params\[0\]: "decaySchedule" has no weight decay to multiply/,
    ],
    [{ params: { match: 'stem' } }, /"params" is missing or not of the right form/],
    [{ params: [{ learningRate: 2 }] }, /params\[0\]: "match" is missing/],
    [{ params: [{ match: 'stem', learningRate: -1 }] }, /"learningRate".*Expected: a factor from 0/],
    [{ params: [{ match: 'stem', role: 'buffer', freeze: true }] }, /"role".*weight, bias, norm, scale, token/],
    [{ params: [{ match: 'stem', freeze: 'yes' }] }, /"freeze".*true or false/],
    [{ params: [{ match: 'stem', freeze: true, weightDecay: 0 }] }, /"freeze".*a frozen group is not trained/],
    [{ params: [{ match: 'stem', rate: 2 }] }, /unknown key "rate"/],
    [{ weights: 'a.safetensors' }, /"weights" is missing or not of the right form/],
    [{ weights: { file: 'a.safetensors' } }, /"weights.sha256"/],
    [{ weights: { file: 'a', sha256: 'a'.repeat(64), except: 'head' } }, /"weights.except"/],
    [{ weights: { run: '', seed: 1, sha256: 'a'.repeat(64) } }, /"weights.run".*the folder of a run/],
    [{ weights: { run: 'r', sha256: 'a'.repeat(64) } }, /"weights.seed".*a seed of the run.*Received: nothing/],
    [{ weights: { run: 'r', seed: 1 } }, /"weights.sha256"/],
    [{ weights: { file: 'a', seed: 1, sha256: 'a'.repeat(64) } }, /unknown key "seed"/],
    [{ weights: { file: 'a', run: 'r', seed: 1, sha256: 'a'.repeat(64) } }, /"weights" is.*{ run: 'runs\/…', seed: 1/],
  ])('%j is refused', (change, message) => {
    const [problem, ...others] = problemsOf({ row: { change } })
    expect(others).toEqual([])
    expect(problem!.code).toBe('E_RECIPE')
    expect(formatProblem(problem!)).toMatch(message)
  })

  test('a schedule of weight decay is in the hash where a row has one, and needs a decay to multiply', () => {
    const optimizer = 'decaying'
    expect(recipeOf({ optimizer })).not.toHaveProperty('decaySchedule')
    expect(recipeOf({ optimizer, decaySchedule: 'flat' }).decaySchedule).toEqual({ use: 'flat' })
    expect(hashOf({ optimizer, decaySchedule: 'flat' })).not.toBe(hashOf({ optimizer }))
    const whatOf = (change: object) => problemsOf({ row: { change } }).map((problem) => formatProblem(problem))
    expect(whatOf({ optimizer: { use: 'wrapper', inner: 'decaying' }, decaySchedule: 'flat' })).toEqual([])
    const refused =
      /^\[E_RECIPE\] t\/row: "decaySchedule" has no weight decay to multiply\. Expected: an optimizer whose `weightDecay` is above 0\. Received: /
    for (const own of ['sgd', { use: 'decaying', weightDecay: 0 }, { use: 'wrapper', inner: 'adam' }]) {
      const [told, ...others] = whatOf({
        optimizer: own === 'sgd' ? { use: own, learningRate: 1 } : own,
        decaySchedule: 'flat',
      })
      expect(others).toEqual([])
      expect(told).toMatch(refused)
    }
    // What is wrong with the optimizer is told once, by itself.
    expect(whatOf({ optimizer: 'adamm', decaySchedule: 'flat' })).toEqual([
      expect.stringMatching(/the optimizer "adamm"/),
    ])
    expect(whatOf({ optimizer, decaySchedule: 'flt' })).toEqual([expect.stringMatching(/the schedule "flt"/)])
  })

  test('slots merge one by one', () => {
    const { slots } = recipeOf({ model: { slots: { pool: { use: 'blur', taps: 5 } } } }).model
    expect(slots).toEqual({ conv: { use: 'plain' }, pool: { use: 'blur', taps: 5 } })
    expect(recipeOf({ model: { slots: { pool: 'blur' } } }).model.slots.pool).toEqual({ use: 'blur', taps: 3 })
  })

  test('lists and normalisations are replaced, not merged', () => {
    expect(recipeOf({ metrics: [{ use: 'accuracy', average: 'macro' }] }).metrics).toEqual([
      { use: 'accuracy', average: 'macro' },
    ])
    expect(recipeOf({ callbacks: ['mix', { use: 'mix', alpha: 0 }] }).callbacks).toEqual([
      { use: 'mix', alpha: 0.4 },
      { use: 'mix', alpha: 0 },
    ])
    const changes = { data: { ...base.data, normalize: { kind: 'fixed', mean: [0], std: [1] } } }
    const table = loose({ row: { change: { data: { normalize: { kind: 'sample-scalar', images: 5 } } } } }, changes)
    expect(normalizeRow(table, 'row').recipe.data.normalize).toEqual({ kind: 'sample-scalar', images: 5 })
  })

  test('presets: lists inside a list become part of it, so that the hash is that of the flat list', () => {
    const mixed = { use: 'mix', alpha: 1 }
    const preset = ['mix', [mixed]]
    expect(recipeOf({ callbacks: [[], preset] }).callbacks).toEqual([{ use: 'mix', alpha: 0.4 }, mixed])
    expect(hashOf({ callbacks: [preset] })).toBe(hashOf({ callbacks: ['mix', mixed] }))
    expect(hashOf({ metrics: [['accuracy']] })).toBe(hashOf({}))
    const table = { id: 't', title: '', source: '', base, rows: { row: {} } }
    const nested = defineTable({ ...table, plugins: [[], [[parts]], parts] })
    expect(normalizeRow(nested, 'row').hash).toBe(hashOf({}))
  })

  test('a list inside itself is no recipe', () => {
    const endless: Json[] = ['mix']
    endless.push(endless)
    for (const change of [{ callbacks: endless }, { callbacks: ['mix', [endless]] }, { metrics: [endless] }]) {
      const [problem] = problemsOf({ row: { change } })
      expect(problem).toMatchObject({ code: 'E_RECIPE', what: expect.stringMatching(/lies inside itself/) })
    }
    const plugins = [parts, endless]
    const table = { id: 't', title: '', source: '', base, rows: { row: {} } }
    expect(() => normalizeRow(defineTable({ ...table, plugins } as never), 'row')).toThrow('plugins[1][1] is a list')
  })

  test('what is wrong inside a list is told with its place', () => {
    const wrong = { callbacks: ['mix', ['mix', [{ use: 'mx' }, 3], { use: 'mix', alpha: -1 }]], metrics: [['acc']] }
    expect(problemsOf({ row: { change: wrong } }).map(({ what }) => what)).toEqual([
      't/row metrics[0][0] names the metric "acc", which no plugin of the recipe registers.',
      't/row callbacks[1][1][0] names the callback "mx", which no plugin of the recipe registers.',
      't/row: "callbacks[1][1][1]" is missing or not of the right form.',
      't/row callbacks[1][2] (callback "mix"): option "alpha" is out of range.',
    ])
  })

  test('rows inherit through `from`, nearest last', () => {
    const table = loose({
      a: { change: { epochs: 3, optimizer: { beta: 0.1 } }, tolerance: 0.5, seeds: [7], note: 'of a' },
      b: { from: 'a', change: { optimizer: { learningRate: 0.3 } } },
      c: { from: 'b', change: { epochs: 9 } },
    })
    const { recipe, tolerance, seeds, note } = normalizeRow(table, 'c')
    expect(recipe.epochs).toBe(9)
    expect(recipe.optimizer).toEqual({ use: 'adam', learningRate: 0.3, beta: 0.1 })
    // Tolerance, seeds and notes belong to a row alone.
    expect([tolerance, seeds, note]).toEqual([0.02, [1, 2], undefined])
    expect(normalizeRow(table, 'a')).toMatchObject({ tolerance: 0.5, seeds: [7], note: 'of a' })
    expect(rowNames(table)).toEqual(['a', 'b', 'c'])
  })
})

describe('what is wrong', () => {
  test('a row that does not exist', () => {
    for (const name of ['roww', 'toString']) {
      expect(problemsOf({ row: {} }, name)).toEqual([expect.objectContaining({ code: 'E_ROW_UNKNOWN' })])
    }
    expect(problemsOf({ row: {} }, 'roww')[0]!.fix).toBe('did you mean "row"?')
    expect(problemsOf({ row: { from: 'nowhere' } })[0]!.code).toBe('E_ROW_UNKNOWN')
  })

  test('a circle of rows, shown as it goes', () => {
    const rows = { a: { from: 'b' }, b: { from: 'c' }, c: { from: 'a' } }
    expect(problemsOf(rows, 'a')[0]).toMatchObject({ code: 'E_RECIPE', received: 'a → b → c → a' })
    expect(problemsOf({ a: { from: 'a' } }, 'a')[0]).toMatchObject({ received: 'a → a' })
  })

  test('everything at once, each with its place', () => {
    const found = problemsOf({
      row: {
        change: {
          epoch: 3,
          epochs: 0,
          batchSize: 1.5,
          data: { shufle: true, shuffle: 'yes', normalize: { kind: 'fixed', mean: [0], extra: 1 } },
          model: { slots: { pol: 'blur', pool: { use: 'blur', taps: 0 } } },
          optimizer: { use: 'adamm' },
          loss: 5,
          callbacks: ['mix', { use: 'mix', beta: 1 }],
          metrics: 'accuracy',
        },
      },
    })
    const what = found.map(({ code, what }) => `${code} ${what}`)
    expect(what).toEqual([
      'E_RECIPE t/row has an unknown key "epoch".',
      'E_RECIPE t/row data has an unknown key "shufle".',
      'E_RECIPE t/row data.normalize has an unknown key "extra".',
      'E_RECIPE t/row data.normalize: "std" is missing or not of the right form.',
      'E_RECIPE t/row data: "shuffle" is missing or not of the right form.',
      'E_RECIPE t/row model.slots has an unknown key "pol".',
      'E_OPTION_RANGE t/row slot "pool" (block "blur"): option "taps" is out of range.',
      'E_RECIPE t/row: "loss" is missing or not of the right form.',
      'E_COMPONENT_UNKNOWN t/row names the optimizer "adamm", which no plugin of the recipe registers.',
      'E_RECIPE t/row: "metrics" is missing or not of the right form.',
      'E_OPTION_UNKNOWN t/row callbacks[1] (callback "mix") has no option "beta".',
      'E_RECIPE t/row: "epochs" is missing or not of the right form.',
      'E_RECIPE t/row: "batchSize" is missing or not of the right form.',
    ])
  })

  test.each([
    [{ kind: 'toString' }],
    ['none'],
    [null],
    [{ kind: 'sample-scalar' }],
    [{ kind: 'sample-scalar', images: 0 }],
    [{ kind: 'fixed', mean: ['0'], std: [1] }],
  ])('the normalisation %j', (normalize) => {
    const [problem, ...rest] = problemsOf({ row: {} }, 'row', { data: { ...base.data, normalize } })
    expect(rest).toEqual([])
    expect(problem!.code).toBe('E_RECIPE')
  })

  test('slots of a model that has none', () => {
    const [problem] = problemsOf({ row: { change: { model: { use: 'slotless', slots: { conv: 'plain' } } } } })
    expect(problem).toMatchObject({ code: 'E_RECIPE', expected: 'no keys.' })
  })
})

describe('the hash', () => {
  const reference = hashOf({})

  test('does not depend on the order of keys, on explicit defaults or on the short form', () => {
    const same = [
      { optimizer: { beta: 0.9 } },
      { optimizer: { use: 'adam' } },
      { model: { use: 'net', width: 4, slots: { pool: 'max' } } },
      { metrics: [{ use: 'accuracy' }], callbacks: [] },
      { data: { dataset: { size: 8, use: 'images' } } },
    ]
    for (const change of same) expect(hashOf(change)).toBe(reference)
    const { data, ...rest } = base
    const turned = Object.fromEntries(Object.entries({ ...rest, data }).reverse())
    expect(
      normalizeRow(
        defineTable({ id: 'u', title: 'x', source: 'y', plugins: [parts], base: turned, rows: { r: {} } } as never),
        'r',
      ).hash,
    ).toBe(reference)
  })

  test('changes with everything that can change a result', () => {
    const changes = [
      { epochs: 3 },
      { batchSize: 17 },
      { data: { shuffle: false } },
      { data: { dropLast: true } },
      { data: { normalize: { kind: 'sample-scalar', images: 9 } } },
      { data: { normalize: { kind: 'sample-scalar', images: 10 } } },
      { data: { dataset: { use: 'images', size: 9 } } },
      { model: { width: 5 } },
      { model: { slots: { pool: 'blur' } } },
      { model: { slots: { pool: { use: 'blur', taps: 4 } } } },
      { optimizer: { beta: 0.8 } },
      { optimizer: { use: 'sgd', learningRate: 0.2 } },
      { metrics: [{ use: 'accuracy', average: 'macro' }] },
      { callbacks: ['mix'] },
      { callbacks: [{ use: 'mix', alpha: 0 }] },
    ]
    expect(new Set([reference, ...changes.map((change) => hashOf(change))]).size).toBe(changes.length + 1)
  })

  test('does not change with what is only said about a row', () => {
    const said = { reported: { runs: [0.9] }, tolerance: 0.5, seeds: [9], note: 'x', knownToFallShort: true }
    expect(normalizeRow(loose({ row: said }), 'row').hash).toBe(reference)
  })

  test('is written down, so that a change of the normal form is noticed', () => {
    expect(reference).toMatch(/^[0-9a-f]{64}$/)
    expect(reference.slice(0, 16)).toBe('6d1608ac7729174d')
  })
})

test('models are built with the blocks of their slots, and may ask for declared slots alone', () => {
  const registry = createRegistry([parts])
  const context = { imageShape: [4, 4, 1] as const, classes: 3, init: createRng(1) }
  const normal = { skeleton: { use: 'net', width: 2 }, slots: { conv: { use: 'blur', taps: 3 }, pool: { use: 'max' } } }
  expect(createModel(registry, normal, context)).toEqual({ options: { width: 2 }, classes: 3, conv: 'blur' })
  const slotless = { skeleton: { use: 'slotless' }, slots: {} }
  expect(() => createModel(registry, slotless, context)).toThrow('undeclared slot "conv"')
})

test('summary tables name models alone', () => {
  const table = defineSummaryTable({
    id: 's',
    title: '',
    source: '',
    plugins: [parts],
    imageShape: [8, 8, 1],
    classes: 2,
    rows: { wide: { model: { use: 'net', width: 7 }, reported: { totalParams: 1 } } },
  })
  expect(isTable(table)).toBe(true)
  expect(isTable({ ...loose({}), kind: 'training' })).toBe(true)
  expect(isTable({ id: 's', rows: {} })).toBe(false)
  expect(normalizeSummaryModel(table, 'wide').skeleton).toEqual({ use: 'net', width: 7 })
  expect(() => normalizeSummaryModel(table, 'narrow')).toThrow('E_ROW_UNKNOWN')
})

test('types: names and values of options are checked where the recipe is written', () => {
  const table = (rows: Parameters<typeof defineTable<[typeof parts]>>[0]['rows']) => rows
  table({ ok: { change: { optimizer: { use: 'sgd', learningRate: 1 }, callbacks: [{ use: 'mix', alpha: 1 }] } } })
  table({ ok: { change: { optimizer: { beta: 0.1 }, model: { slots: { pool: 'blur' } } } } })
  table({ ok: { change: { callbacks: ['mix', [{ use: 'mix', alpha: 1 }, ['mix']]] } } })
  table({ ok: { change: { params: [{ match: 'stem', role: 'bias', learningRate: 0.1, schedule: 'flat' }] } } })
  // @ts-expect-error there is no such schedule
  table({ row: { change: { params: [{ match: 'stem', schedule: 'flt' }] } } })
  // @ts-expect-error there is no such option, in a preset neither
  table({ row: { change: { callbacks: [[{ use: 'mix', alhpa: 1 }]] } } })
  // @ts-expect-error there is no such optimizer
  table({ row: { change: { optimizer: 'adamm' } } })
  // @ts-expect-error sgd must be given a learning rate
  table({ row: { change: { optimizer: 'sgd' } } })
  // @ts-expect-error there is no such option
  table({ row: { change: { callbacks: [{ use: 'mix', alhpa: 1 }] } } })
  // @ts-expect-error a number is wanted
  table({ row: { change: { callbacks: [{ use: 'mix', alpha: '1' }] } } })
  // @ts-expect-error not one of the choices
  table({ row: { change: { metrics: [{ use: 'accuracy', average: 'mean' }] } } })
  // @ts-expect-error a block, not a callback
  table({ row: { change: { model: { slots: { pool: 'mix' } } } } })
  const nested = defineTable<readonly [readonly [readonly [typeof parts]]]>
  type Nested = Parameters<typeof nested>[0]['rows']
  const preset = (rows: Nested) => rows
  preset({ ok: { change: { optimizer: { beta: 0.1 } } } })
  // @ts-expect-error there is no such optimizer, in the plugin of a preset neither
  preset({ row: { change: { optimizer: 'adamm' } } })
  // @ts-expect-error there is no such key
  table({ row: { change: { epoch: 3 } } })
})
