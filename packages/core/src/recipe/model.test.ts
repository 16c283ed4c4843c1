import { describe, expect, test } from 'vitest'
import type { Problem } from '../errors/index.ts'
import { createRegistry, createRng, definePlugin, type Json, opt } from '../index.ts'
import type { FilledSlot } from '../plugin/index.ts'
import type * as tf from '../tf.ts'
import type { TableDefinition } from './define.ts'
import { createModel, normalizeModel } from './index.ts'

const relu = { name: 'relu', apply: (x: tf.Tensor) => x, gradient: (dy: tf.Tensor) => dy }

const parts = definePlugin({
  name: 'parts',
  core: '*',
  register: (on) => [
    on.model('net', {
      doc: '',
      options: {},
      slots: {
        conv: 'plain',
        act: { kind: 'activation', default: 'relu' },
        pool: { kind: 'block', default: null, places: ['everywhere', 'stem'] },
        extra: { kind: 'block', default: null },
        attention: { kind: 'block', default: null, many: true, places: ['everywhere', 'last'] },
        norms: { kind: 'block', default: 'plain', many: true },
      },
      create: (_, { slot, optionalSlot, slotUses }) =>
        ({
          conv: slot('conv'),
          act: slot('act', 'activation'),
          pool: optionalSlot('pool'),
          attention: slotUses('attention'),
        }) as never,
    }),
    on.model('confused', {
      doc: '',
      options: { ask: opt.choice(['undeclared', 'kind', 'empty', 'one'], { doc: '' }) },
      slots: {
        act: { kind: 'activation', default: 'relu' },
        extra: { kind: 'block', default: null },
        attention: { kind: 'block', default: null, many: true },
      },
      create({ ask }, { slot, optionalSlot }) {
        if (ask === 'undeclared') slot('none')
        if (ask === 'one') optionalSlot('attention')
        return ask === 'kind' ? (slot('act') as never) : (slot('extra') as never)
      },
    }),
    on.block('plain', { doc: '', options: {}, create: (_, context) => ({ plain: context }) as never }),
    on.block('blur', {
      doc: '',
      options: { taps: opt.integer({ min: 1, default: 3, doc: '' }) },
      create: (options) => ({ blur: options }) as never,
    }),
    on.activation('relu', { doc: '', options: {}, create: () => ({ apply: (x) => x, fused: relu }) }),
    on.activation('leaky', {
      doc: '',
      options: { slope: opt.number({ default: 0.1, doc: '' }) },
      create: ({ slope }) => ({ slope }) as never,
    }),
  ],
})

const registry = createRegistry([parts])

function normalize(slots: { [slot: string]: Json }, use = 'net') {
  const problems: Problem[] = []
  return { ...normalizeModel({ use, slots }, registry, 't/row', problems), problems }
}

describe('slots of a model', () => {
  test('an empty slot is left out of the normal form, a filled one is long and has its place', () => {
    expect(normalize({})).toMatchObject({ slots: { conv: { use: 'plain' }, act: { use: 'relu' } }, problems: [] })
    expect(Object.keys(normalize({}).slots)).toEqual(['conv', 'act', 'norms'])
    expect(normalize({ pool: null })).toEqual(normalize({}))
    expect(normalize({ pool: 'blur' }).slots.pool).toEqual({ use: 'blur', taps: 3, where: 'everywhere' })
    expect(normalize({ pool: { use: 'blur', where: 'stem', taps: 4 }, act: 'leaky' }).slots).toEqual({
      conv: { use: 'plain' },
      act: { use: 'leaky', slope: 0.1 },
      pool: { use: 'blur', taps: 4, where: 'stem' },
      norms: { use: 'plain' },
    })
  })

  test('a slot that takes many keeps their order; a list of one is that one, of none is the empty slot', () => {
    const { slots, problems } = normalize({ attention: ['blur', { use: 'plain', where: 'last' }], norms: ['plain'] })
    expect(problems).toEqual([])
    expect(slots.attention).toEqual([
      { use: 'blur', taps: 3, where: 'everywhere' },
      { use: 'plain', where: 'last' },
    ])
    expect(slots.norms).toEqual({ use: 'plain' })
    expect(normalize({ attention: ['blur'] })).toEqual(normalize({ attention: 'blur' }))
    expect(normalize({ attention: [] })).toEqual(normalize({}))
    // What recipes wrote before slots took lists keeps its form, and so its hash.
    expect(normalize({ attention: { use: 'blur', where: 'last' } }).slots).toEqual({
      conv: { use: 'plain' },
      act: { use: 'relu' },
      attention: { use: 'blur', taps: 3, where: 'last' },
      norms: { use: 'plain' },
    })
  })

  test('what is wrong in a list is said with the entry', () => {
    const said = (slots: { [slot: string]: Json }) =>
      normalize(slots).problems.map(({ code, what, expected }) => [code, what, expected].join(' | '))
    expect(said({ attention: ['blur', { use: 'blur', where: 'lats' }] })).toEqual([
      'E_RECIPE | t/row slot "attention" entry 2 has no place "lats". | where: one of everywhere, last.',
    ])
    expect(said({ attention: ['blur', null] })).toEqual([expect.stringMatching(/entry 2 must hold/)])
    expect(said({ attention: [['blur']] })).toEqual([expect.stringMatching(/entry 1 must hold/)])
    expect(said({ attention: 7 })).toEqual([expect.stringMatching(/or a list of them, or null/)])
    expect(said({ norms: [] })).toEqual([expect.stringMatching(/it cannot be empty/)])
    expect(said({ pool: ['blur'] })).toEqual([expect.stringMatching(/"pool" must hold/)])
  })

  test('what is wrong is said with the place, the choice and the nearest name', () => {
    const said = (slots: { [slot: string]: Json }) =>
      normalize(slots).problems.map(({ code, what, expected, fix }) => [code, what, expected, fix].join(' | '))
    expect(said({ pool: { use: 'blur', where: 'stemm' } })).toEqual([
      'E_RECIPE | t/row slot "pool" has no place "stemm". | where: one of everywhere, stem. | did you mean "stem"?',
    ])
    expect(said({ pool: { use: 'blur', where: 3 } })).toEqual([
      expect.stringMatching(/has no place 3\. .*choose one of/),
    ])
    expect(said({ extra: { use: 'blur', where: 'stem' } })).toEqual([
      'E_RECIPE | t/row slot "extra" has no places to choose from. | no `where`. | leave `where` out.',
    ])
    expect(said({ conv: null })).toEqual([
      expect.stringMatching(/^E_RECIPE .*it cannot be empty.*leave it out for "plain"/),
    ])
    expect(said({ pool: 7 })).toEqual([expect.stringMatching(/^E_RECIPE .*or null to leave it empty/)])
    expect(said({ act: 'plain' })).toEqual([expect.stringMatching(/^E_COMPONENT_UNKNOWN .*activation "plain"/)])
    expect(said({ conv: 'relu' })).toEqual([expect.stringMatching(/^E_COMPONENT_UNKNOWN .*block "relu"/)])
    expect(said({ pol: 'blur' })).toEqual([expect.stringMatching(/unknown key "pol".*did you mean "pool"/)])
    const problems: Problem[] = []
    normalizeModel({ use: 'net', slots: 'blur' }, registry, 't/row', problems)
    expect(problems).toEqual([
      expect.objectContaining({ code: 'E_RECIPE', what: expect.stringContaining('model.slots') }),
    ])
  })

  test('a model reads what stands in its slots', () => {
    const context = { imageShape: [4, 4, 1] as const, classes: 3, init: createRng(1) }
    const build = (slots: { [slot: string]: Json }) =>
      createModel(registry, normalize(slots), context) as unknown as {
        conv: FilledSlot
        act: FilledSlot<'activation'>
        pool: FilledSlot | undefined
      }
    expect(build({}).pool).toBeUndefined()
    const { conv, act, pool } = build({ pool: { use: 'blur', taps: 5 } })
    expect([conv.use, conv.where, pool?.use, pool?.where]).toEqual(['plain', undefined, 'blur', 'everywhere'])
    expect(act.create({}).fused).toBe(relu)
    // The place belongs to the skeleton; the block gets its own options alone.
    expect(pool?.create({} as never)).toEqual({ blur: { taps: 5 } })
  })

  test('a model reads all of many, in order', () => {
    const context = { imageShape: [4, 4, 1] as const, classes: 3, init: createRng(1) }
    const build = (slots: { [slot: string]: Json }) =>
      (createModel(registry, normalize(slots), context) as unknown as { attention: FilledSlot[] }).attention
    expect(build({})).toEqual([])
    expect(build({ attention: 'blur' }).map(({ use, where }) => [use, where])).toEqual([['blur', 'everywhere']])
    const [first, second] = build({ attention: [{ use: 'blur', taps: 5, where: 'last' }, 'plain'] })
    expect([first?.use, first?.where, second?.use, second?.where]).toEqual(['blur', 'last', 'plain', 'everywhere'])
    expect(first?.create({} as never)).toEqual({ blur: { taps: 5 } })
  })

  test.each([
    ['undeclared', 'undeclared slot "none"'],
    ['kind', 'a block in the activation slot "act"'],
    ['empty', 'the empty slot "extra"'],
    ['one', 'one of the many in slot "attention"'],
  ])('a model that asks wrongly is a defect: %s', (ask, message) => {
    const problems: Problem[] = []
    const normal = normalizeModel({ use: 'confused', ask }, registry, 't/row', problems)
    expect(problems).toEqual([])
    const context = { imageShape: [4, 4, 1] as const, classes: 3, init: createRng(1) }
    expect(() => createModel(registry, normal, context)).toThrow(message)
  })
})

test('types: what a slot may hold is checked where the recipe is written', () => {
  const model = (model: NonNullable<TableDefinition<readonly [typeof parts]>['base']['model']>) => model
  model('net')
  model({ use: 'net', slots: { pool: 'blur', act: 'leaky', conv: { use: 'blur', taps: 3 } } })
  model({ use: 'net', slots: { pool: { use: 'blur', taps: 2, where: 'stem' }, extra: null } })
  model({ use: 'net', slots: { attention: ['blur', { use: 'plain', where: 'last' }], norms: ['plain', 'blur'] } })
  model({ use: 'net', slots: { attention: { use: 'blur', taps: 2, where: 'last' } } })
  // @ts-expect-error this slot takes one alone
  model({ use: 'net', slots: { extra: ['blur'] } })
  // @ts-expect-error there is no such place, in a list either
  model({ use: 'net', slots: { attention: ['blur', { use: 'plain', where: 'stem' }] } })
  // @ts-expect-error nothing can be listed
  model({ use: 'net', slots: { attention: ['blur', null] } })
  // @ts-expect-error an activation in a block slot
  model({ use: 'net', slots: { conv: 'leaky' } })
  // @ts-expect-error a block in an activation slot
  model({ use: 'net', slots: { act: 'blur' } })
  // @ts-expect-error there is no such place
  model({ use: 'net', slots: { pool: { use: 'blur', where: 'nowhere' } } })
  // @ts-expect-error this slot has no places
  model({ use: 'net', slots: { extra: { use: 'blur', where: 'stem' } } })
  // @ts-expect-error this slot cannot be empty
  model({ use: 'net', slots: { conv: null } })
  // @ts-expect-error there is no such slot
  model({ use: 'net', slots: { pol: 'blur' } })
  // @ts-expect-error there is no such option
  model({ use: 'net', slots: { pool: { use: 'blur', tap: 2 } } })
})
