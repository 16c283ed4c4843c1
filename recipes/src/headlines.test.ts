import { normalizeRow } from '@tricklab/core/recipe'
import { expect, test } from 'vitest'
import { headlines, tables } from './index.ts'

const names = headlines.flatMap(({ rows }) => rows)

test.each(headlines.flatMap(({ rows, seeds }) => rows.map((row) => ({ row, seeds }))))(
  'the headline $row is a row that is trained with so many seeds',
  ({ row, seeds }) => {
    const [id, name] = row.split('/') as [string, string]
    const table = tables.find((other) => other.id === id)
    if (table?.kind !== 'training') throw new Error(`${id} is no table of trainings`)
    expect(normalizeRow(table, name).seeds.length).toBeGreaterThanOrEqual(seeds)
  },
)

test('every headline stands once, and all of the table that the project is known by are among them', () => {
  expect(new Set(names).size).toBe(names.length)
  const known = tables.find(({ id }) => id === 'imagewoof-128-5')!
  for (const row of Object.keys(known.rows)) expect(names).toContain(`imagewoof-128-5/${row}`)
})
