import { prepareEngine } from '@tricklab/engine'
import { tables } from '@tricklab/recipes'
import { beforeAll, describe, expect, it } from 'vitest'
import { compareSummaries, formatSummaryComparison } from '../src/closed-form.ts'

const table = tables.find(({ id }) => id === 'fashionmnist-summary')
if (table?.kind !== 'summary') throw new Error('the table is gone')

beforeAll(() => prepareEngine('cpu'))

describe('fashionmnist-summary', () => {
  it.each(Object.keys(table.rows))('%s agrees to the last printed digit', (row) => {
    const [compared] = compareSummaries(table, [row])
    expect(compared!.values.filter((value) => !value.equal)).toEqual([])
    expect(compared!.verdict).toBe('reproduced')
  })

  it('falls short when one documented number differs, and says which', () => {
    const row = table.rows.conv!
    const reported = { ...row.reported, params: row.reported.params!.with(2, 4673) }
    const altered = { ...table, rows: { conv: { ...row, reported } } }
    const compared = compareSummaries(altered, ['conv'])
    expect(compared[0]!.verdict).toBe('falls-short')
    expect(formatSummaryComparison(compared)).toMatch(/≠ layers\/2 +parameters +4,673 +4,672/)
  })

  it('falls short when the table has fewer layers than the model', () => {
    const row = table.rows.conv!
    const reported = { ...row.reported, params: row.reported.params!.slice(0, 5) }
    expect(compareSummaries({ ...table, rows: { conv: { ...row, reported } } }, ['conv'])[0]!.verdict).toBe(
      'falls-short',
    )
  })
})
