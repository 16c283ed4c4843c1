import { rowNames } from '@tricklab/core/recipe'
import { readSource, tables } from '@tricklab/recipes'
import { countRows, formatCount, type ListedRow, listRows } from '@tricklab/repro'
import { groupBy } from './group-by.ts'
import { escapeText, markdownTable } from './page.ts'

/** Parts of the front page that are made from the records, by file name. */
export async function homeParts(): Promise<{ readonly [name: string]: string }> {
  const { items } = await listRows()
  return { result: resultPart(items, 'fashionmnist-resnets', 'conv'), status: statusPart(items) }
}

/** What we measured of the row that the front page begins with. */
export function resultPart(items: readonly ListedRow[], table: string, row: string): string {
  const item = items.find((each) => each.table === table && each.row === row)
  if (item === undefined || item.status === notRun) return 'This row has no record yet.'
  const verdict = verdictOf(item)
  return `The source documents an accuracy of **${item.reported}**; our record has **${item.measured}**: ${verdict}. The number of runs stands in brackets.`
}

const notRun = 'not yet run'

/** The verdict; of rows that have none, such as closed forms, what is said instead. */
const verdictOf = ({ verdict, status }: ListedRow): string => verdict?.replace('-', ' ') ?? status

/** How many rows of every table have a result, and which verdicts they got. */
export function statusPart(items: readonly ListedRow[]): string {
  const rows = groupBy(items, ({ table }) => table)
  const lines = tables.map((table) => {
    const { id, title, source } = table
    const { name, url } = readSource(source)
    const verdicts = countVerdicts(rows.get(id) ?? [])
    return [
      `[${id}](/tables/${id})`,
      escapeText(title),
      url === undefined ? escapeText(name) : `[${escapeText(name)}](${url})`,
      String(rowNames(table).length),
      verdicts === '' ? notRun : verdicts,
    ]
  })
  return `${formatCount(countRows(items))} A result is accepted only with its record.

${markdownTable(['table', 'what', 'source', 'rows', 'results'], 'lllrl', lines)}`
}

/** `3 reproduced, 1 inconclusive`. */
function countVerdicts(rows: readonly ListedRow[]): string {
  const verdicts = rows.filter(({ status }) => status !== notRun).map(verdictOf)
  return [...groupBy(verdicts, (verdict) => verdict)].map(([verdict, all]) => `${all.length} ${verdict}`).join(', ')
}
