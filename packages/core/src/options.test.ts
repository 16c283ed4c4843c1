import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type Json, type OptionValues, opt } from './index.ts'
import {
  completeOptions,
  type Option,
  type OptionInput,
  type OptionSchema,
  readOptions,
  recordedOptions,
} from './options.ts'

const doc = 'A doc.'
const read = (schema: OptionSchema, input: { [name: string]: Json | undefined }) => readOptions(schema, input, 'here')
const codes = (schema: OptionSchema, input: { [name: string]: Json | undefined }) =>
  read(schema, input).problems.map(({ code }) => code)

describe('what an option accepts', () => {
  const cases: [string, Option, accepted: Json[], wrongType: Json[], outOfRange: Json[]][] = [
    ['number', opt.number({ doc }), [0, -1.5, 1e300], ['1', null, true, [1], {}], []],
    ['number from 0 below 1', opt.number({ doc, min: 0, below: 1 }), [0, 0.999], [Number.NaN, Infinity], [-1e-9, 1, 2]],
    ['number above 0 to 1', opt.number({ doc, above: 0, max: 1 }), [1e-9, 1], ['0.5'], [0, 1.0001]],
    ['whole number from 1', opt.integer({ doc, min: 1 }), [1, 2 ** 40], [1.5, '1', null], [0, -3]],
    ['true or false', opt.boolean({ doc }), [true, false], [0, 1, 'true', null], []],
    ['text', opt.text({ doc }), ['', 'a'], [1, null, ['a']], []],
    ['"micro" or "macro"', opt.choice(['micro', 'macro'], { doc }), ['micro', 'macro'], [0, null], ['Micro', '']],
    ['list of numbers, each a number', opt.numbers({ doc }), [[], [1, 2.5]], [1, 'a', null, ['a'], [null]], []],
    [
      'list of 2 numbers, each a number from 0',
      opt.numbers({ doc, length: 2, min: 0 }),
      [[0, 1]],
      [[0, 'a']],
      [[0], [0, -1]],
    ],
    ['list of numbers, each a whole number to 3', opt.integers({ doc, max: 3 }), [[3, -1]], [[0.5]], [[4]]],
  ]

  test.each(cases)('%s', (accepts, option, accepted, wrongType, outOfRange) => {
    expect(option.accepts).toBe(accepts)
    for (const value of accepted) expect([value, option.check(value)]).toEqual([value, undefined])
    for (const value of wrongType) expect([value, option.check(value)]).toEqual([value, 'type'])
    for (const value of outOfRange) expect([value, option.check(value)]).toEqual([value, 'range'])
  })
})

const schema = {
  alpha: opt.number({ min: 0, default: 0.4, unit: 'Beta shape', doc: 'How far to mix.' }),
  steps: opt.integer({ min: 1, doc: 'How often.' }),
  mode: opt.choice(['a', 'b'], { default: 'a', doc: 'Which way.' }),
}

test('defaults fill in what is left out', () => {
  expect(read(schema, { steps: 3 })).toEqual({ values: { alpha: 0.4, steps: 3, mode: 'a' }, problems: [] })
  expect(read(schema, { steps: 3, alpha: undefined }).values).toEqual({ alpha: 0.4, steps: 3, mode: 'a' })
  expect(read({ off: opt.boolean({ default: false, doc }) }, {}).values).toEqual({ off: false })
  expect(read({ off: opt.boolean({ default: true, doc }) }, { off: false }).values).toEqual({ off: false })
})

test('the default of an option that was added later stays out of recipes, and create receives it', () => {
  const later = { ...schema, form: opt.choice(['old', 'new'], { default: 'old', addedLater: true, doc }) }
  const values = (input: object) => read(later, { steps: 3, ...input }).values
  const before = read(schema, { steps: 3 }).values
  expect(recordedOptions(later, values({}))).toEqual(before)
  expect(recordedOptions(later, values({ form: 'old' }))).toEqual(before)
  expect(recordedOptions(later, values({ form: 'new' }))).toEqual({ ...before, form: 'new' })
  for (const form of ['old', 'new']) {
    expect(completeOptions(later, recordedOptions(later, values({ form })))).toEqual(values({ form }))
  }
})

test('a value that check accepts is passed through as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const option of [opt.number({ doc }), opt.boolean({ doc }), opt.text({ doc }), opt.numbers({ doc })]) {
        const { values, problems } = read({ option }, { option: value as Json })
        if (option.check(value as Json) === undefined) {
          expect(problems).toEqual([])
          expect(values.option).toBe(value)
        } else {
          expect(problems).toHaveLength(1)
          expect(values).toEqual({})
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('all problems are reported at once, each with place, expectation and value', () => {
  const { problems } = read(schema, { alpha: -1, mode: 3, alhpa: 2 })
  expect(problems).toEqual([
    expect.objectContaining({
      code: 'E_OPTION_UNKNOWN',
      what: 'here has no option "alhpa".',
      fix: 'did you mean "alpha"?',
    }),
    expect.objectContaining({ code: 'E_OPTION_RANGE', expected: 'number from 0 (Beta shape).', received: '-1.' }),
    expect.objectContaining({ code: 'E_OPTION_TYPE', received: 'nothing.', fix: 'add `steps`: How often.' }),
    expect.objectContaining({ code: 'E_OPTION_TYPE', what: 'here: option "mode" has the wrong type.' }),
  ])
})

test('null is a value of the wrong type, not an omission', () => {
  expect(codes(schema, { steps: 1, alpha: null })).toEqual(['E_OPTION_TYPE'])
})

test.each(['toString', 'constructor', 'hasOwnProperty'])('the inherited name %s is unknown', (name) => {
  expect(codes(schema, { steps: 1, [name]: 1 })).toEqual(['E_OPTION_UNKNOWN'])
})

test('types: what a recipe may write, and what create receives', () => {
  type Schema = typeof schema
  expectTypeOf<OptionValues<Schema>>().toEqualTypeOf<{
    readonly alpha: number
    readonly steps: number
    readonly mode: 'a' | 'b'
  }>()
  const accept = (_input: OptionInput<Schema>) => {}
  accept({ steps: 1 })
  accept({ steps: 1, alpha: 2, mode: 'b' })
  // @ts-expect-error steps has no default
  accept({ alpha: 2 })
  // @ts-expect-error there is no such option
  accept({ steps: 1, alhpa: 2 })
  // @ts-expect-error not one of the choices
  accept({ steps: 1, mode: 'c' })
  // @ts-expect-error a number is wanted
  accept({ steps: '1' })
})
