import { expect, expectTypeOf, test } from 'vitest'
import type { Problem } from '../errors/index.ts'
import { definePlugin } from '../plugin/define.ts'
import { createRegistry } from '../plugin/registry.ts'
import { componentField, countField } from './component-fields.ts'
import {
  type BaseOf,
  type ChangeOf,
  type Fields,
  type NormalOf,
  type NormalStageOf,
  type Plain,
  readFields,
  readingOf,
  type StageOf,
  written,
} from './field.ts'
import { recipeFields } from './fields.ts'
import { joinParts, stagePart } from './stages.ts'

const plugin = definePlugin({
  name: 'losses',
  core: '*',
  register: (on) => [on.loss('cross', { doc: '', options: {}, create: () => null as never })],
})
type Registrations =
  ReturnType<(typeof plugin)['register']> extends infer A ? (A extends readonly (infer R)[] ? R : A) : never

const inner = {
  seen: countField({ optional: false, stage: 'never' }),
  used: countField({ optional: true, stage: 'may' }),
}

/** One entry a field, and nothing else anywhere. */
const fields = {
  loss: componentField('loss', { optional: false, stage: 'may' }),
  rounds: countField({ optional: true, stage: 'must' }),
  shade: {
    written: written<Plain<'dark' | 'light'>>(),
    optional: true,
    stage: 'never',
    read(value = 'light', { refuse }): 'dark' | undefined {
      if (value !== 'light' && value !== 'dark') refuse("'light' or 'dark'")
      return value === 'dark' ? value : undefined
    },
  },
  box: {
    written: written<Plain<{ readonly seen: number; readonly used?: number }>>(),
    optional: false,
    stage: 'may',
    fields: inner,
    read: (value, at): NormalOf<typeof inner> => readFields(inner, value as never, `${at.row} box`, at),
  },
} satisfies Fields

function read(given: object) {
  const problems: Problem[] = []
  const reading = readingOf(createRegistry([plugin]), 't/row', problems)
  return { value: readFields(fields, given as never, 't/row', reading), problems }
}

test('one declaration gives the types of a base, a change, a stage and of the normal form', () => {
  type Base = BaseOf<typeof fields, Registrations>
  expectTypeOf<Base['rounds']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Base['shade']>().toEqualTypeOf<'dark' | 'light' | undefined>()
  expectTypeOf<Base>().not.toExtend<Required<Base>>()
  expectTypeOf<'cross' | { readonly use: 'cross' }>().toExtend<Base['loss']>()
  expectTypeOf<'square'>().not.toExtend<Base['loss']>()
  expectTypeOf<keyof ChangeOf<typeof fields, Registrations>>().toEqualTypeOf<'loss' | 'rounds' | 'shade' | 'box'>()
  type Stage = StageOf<typeof fields, Registrations>
  expectTypeOf<keyof Stage>().toEqualTypeOf<'loss' | 'rounds' | 'box'>()
  expectTypeOf<{ readonly rounds: 3 }>().toExtend<Stage>()
  expectTypeOf<object>().not.toExtend<Stage>()
  type Normal = NormalOf<typeof fields>
  expectTypeOf<Normal['rounds']>().toEqualTypeOf<number>()
  expectTypeOf<Normal['shade']>().toEqualTypeOf<'dark' | undefined>()
  expectTypeOf<Omit<Normal, 'shade'>>().toExtend<Normal>()
  expectTypeOf<keyof NormalStageOf<typeof fields>['box']>().toEqualTypeOf<'used'>()
})

test('one declaration gives keys, checks, defaults and what is left out', () => {
  const whole = { loss: 'cross', rounds: 3, box: { seen: 1, used: 2 } }
  const { value, problems } = read({ ...whole, shade: 'light' })
  expect(problems).toEqual([])
  expect(value).toEqual({ ...whole, loss: { use: 'cross' } })
  expect(Object.keys(value)).toEqual(['loss', 'rounds', 'box'])
  const wrong = read({ rounds: 0, shade: 'red', box: { sen: 1, used: 2 }, los: 1 })
  expect(wrong.problems.map(({ what }) => what)).toEqual([
    't/row has an unknown key "los".',
    't/row: "loss" is missing or not of the right form.',
    't/row: "rounds" is missing or not of the right form.',
    't/row: "shade" is missing or not of the right form.',
    't/row box has an unknown key "sen".',
    't/row box: "seen" is missing or not of the right form.',
  ])
  expect(wrong.problems[0]).toMatchObject({ expected: 'only loss, rounds, shade, box.', fix: 'did you mean "loss"?' })
  expect(wrong.problems[3]).toMatchObject({ expected: "'light' or 'dark'.", received: '"red".' })
})

test('one declaration says what is the stage’s and what the row’s', () => {
  const { value } = read({ loss: 'cross', rounds: 3, shade: 'dark', box: { seen: 1, used: 2 } })
  const stage = stagePart(fields, value)
  expect(stage).toEqual({ loss: { use: 'cross' }, rounds: 3, box: { used: 2 } })
  expect(joinParts(fields, value, { ...stage, rounds: 4, box: { used: 5 } })).toEqual({
    ...{ loss: { use: 'cross' }, rounds: 4, shade: 'dark', box: { seen: 1, used: 5 } },
  })
})

test('every field of a recipe that joined later is left out where a recipe does not name it', () => {
  const asked = ['data', 'model', 'loss', 'optimizer', 'schedule', 'metrics', 'callbacks', 'epochs', 'batchSize']
  const problems: Problem[] = []
  const reading = readingOf(createRegistry([plugin]), 't/row', problems)
  const value = readFields(recipeFields, {}, 't/row', reading)
  expect(Object.keys(value)).toEqual(asked)
  expect(Object.keys(value.data)).toEqual(['dataset', 'normalize', 'shuffle', 'dropLast'])
})
