import { describe, expect, test } from 'vitest'
import { base, parts } from '../../test/table-parts.ts'
import type { Problem } from '../errors/index.ts'
import { defineTable } from '../index.ts'
import { checkTable, normalizeRow } from './index.ts'

const sound = { id: 'my-table-2', title: 't', source: 's', plugins: [parts], base, rows: { 'mixup-0.2': {} } }
const tableOf = (changes: object) => defineTable({ ...sound, ...changes } as never)
const whatOf = (changes: object) => checkTable(tableOf(changes)).map((problem: Problem) => problem.what)

describe('the head of a table', () => {
  test('is sound', () => expect(whatOf({})).toEqual([]))

  test.each<[string, object, RegExp]>([
    ['an id that leads elsewhere', { id: '../../x' }, /no identifier/],
    ['an id with capitals', { id: 'MyTable' }, /no identifier/],
    ['no id', { id: undefined }, /no identifier/],
    ['a row that leads elsewhere', { rows: { '../../up': {} } }, /row "..\/..\/up", which is no identifier/],
    ['no rows', { rows: undefined }, /no rows/],
    ['an empty list of rows', { rows: {} }, /no rows/],
    ['a row of null', { rows: { row: null } }, /Row "row" .* is no object/],
    ['a row that is a text', { rows: { row: 'text' } }, /Row "row" .* is no object/],
    ['a row that is a list', { rows: { row: [] } }, /Row "row" .* is no object/],
    ['no base', { base: undefined }, /no base/],
    ['no plugins', { plugins: undefined }, /no list of plugins/],
    ['no title', { title: undefined }, /no `title`/],
    ['a key misspelt', { sorce: '' }, /unknown key "sorce"/],
    ['a key of a row misspelt', { rows: { row: { chnage: {} } } }, /unknown key "chnage"/],
    ['a setting beside the change', { rows: { row: { change: {}, epochs: 7 } } }, /unknown key "epochs"/],
    ['a change that is a text', { rows: { row: { change: 'epochs' } } }, /"change" is no object/],
  ])('%s', (_, changes, what) => {
    expect(whatOf(changes)).toEqual([expect.stringMatching(what)])
    // Whoever takes a row without asking for the whole table is told the same.
    expect(() => normalizeRow(tableOf(changes), Object.keys(tableOf(changes).rows ?? { row: 0 })[0]!)).toThrow(
      'E_RECIPE',
    )
  })

  test('everything that is wrong in it comes at once', () => {
    expect(whatOf({ id: '../x', base: undefined, rows: { Up: null } })).toHaveLength(4)
  })
})

describe('the rows of a table', () => {
  test('every problem of every row comes at once, what they share once', () => {
    const rows = { a: { seeds: [] }, b: {}, c: { change: { epochs: -1 } } }
    expect(whatOf({ rows, base: { ...base, batchSize: 0 } })).toEqual([
      expect.stringMatching(/my-table-2\/a: "batchSize".*; rows b, c have the same problem\.$/),
      expect.stringMatching(/my-table-2\/a: "seeds"/),
      expect.stringMatching(/my-table-2\/c: "epochs"/),
    ])
  })

  test('a table of stages alone needs no epochs', () => {
    const { epochs: _epochs, ...rest } = base
    const rows = { row: { stages: [{ epochs: 2 }, { epochs: 3 }] } }
    expect(normalizeRow(tableOf({ base: rest, rows }), 'row').recipe.epochs).toBe(5)
    expect(whatOf({ base: rest, rows: { ...rows, plain: {} } })).toEqual([expect.stringMatching(/plain: "epochs"/)])
  })

  test.each([
    [{ epochs: 2, shufle: true }, 'shufle'],
    [{ epochs: 2, data: { shufle: true } }, 'shufle'],
    [{ epochs: 2, data: { normalize: { kind: 'none', men: [] } } }, 'men'],
    [{ epochs: 2, optimizer: { learningRat: 1 } }, 'learningRat'],
  ])('a setting misspelt inside a stage is told: %j', (stage, key) => {
    expect(whatOf({ rows: { row: { stages: [{ epochs: 1 }, stage] } } })).toEqual([expect.stringContaining(`"${key}"`)])
  })
})
