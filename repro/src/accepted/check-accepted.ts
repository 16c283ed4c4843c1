import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import { formatProblem, type Problem } from '@tricklab/core/errors'
import { normalizeRow, type Row, rowNames, type Table } from '@tricklab/core/recipe'
import { tables as documentedTables } from '@tricklab/recipes'
import { checkRead } from '../check/check.ts'
import { findCopies } from '../check/copies.ts'
import { currentRow } from '../check/current-row.ts'
import { checkMeasurementSeal } from '../measurement/accept.ts'
import { checkMeasurement } from '../measurement/check.ts'
import { readMeasurement } from '../measurement/record.ts'
import { problem } from '../record/problem.ts'
import { type RunRecord, readRecord } from '../record/read.ts'
import { checkSeal } from '../record/seal.ts'
import { acceptedFolder, type RecordPlace, type Records, recordPlaces, strayFiles } from './places.ts'

/** What was found of one accepted record. */
export interface CheckedRecord {
  readonly table: string
  readonly row: string
  readonly record: string
  readonly problems: readonly Problem[]
}

/** Verifies every record in a folder of accepted ones from its files alone, and that no two are copies of one another. */
export async function checkAcceptedRecords({ root = acceptedFolder, tables: own = [], ownData }: Records = {}) {
  const tables = [...documentedTables, ...own]
  const records: RunRecord[] = []
  const items: CheckedRecord[] = []
  for (const place of recordPlaces(root)) {
    const { table, row, folder } = place
    const named = { table, row: row === '' ? 'all rows' : row, record: folder }
    items.push({ ...named, problems: await checkPlace(place, { tables, ownData, records }) })
  }
  // Copies within a record are found with it.
  const copies = findCopies(records).filter(({ folder, of }) => folder !== of)
  const checked = items.map((item) => {
    const copied = copies.filter(({ folder }) => folder === item.record)
    return { ...item, problems: [...item.problems, ...copied.map(({ what }) => problem(`${item.record}: ${what}`))] }
  })
  const lines = checked.flatMap(({ table, row, problems }) => [
    `${problems.length === 0 ? '✔' : '✖'} ${table}/${row}`,
    ...problems.map((found) => `  ${formatProblem(found)}`),
  ])
  const broken = checked.filter(({ problems }) => problems.length > 0).length
  const summary = `${checked.length} records checked, ${broken === 0 ? 'all hold' : `${broken} do not hold`}.`
  return { ok: broken === 0, items: checked, text: [...lines, summary].join('\n') }
}

interface Found {
  readonly tables: readonly Table[]
  readonly ownData: boolean | undefined
  /** Takes the records that could be read. */
  readonly records: RunRecord[]
}

async function checkPlace(place: RecordPlace, { tables, ownData, records }: Found): Promise<Problem[]> {
  const { kind, folder } = place
  if (kind === 'stray') {
    const fix = 'take it out of the folder of records.'
    return [
      problem(
        `${folder} is no record.`,
        'folders TABLE/ROW with a manifest.json, or TABLE with a measurement.json',
        undefined,
        fix,
      ),
    ]
  }
  const inFolder = (found: readonly Problem[]) => found.map((one) => ({ ...one, what: `${folder}: ${one.what}` }))
  const stray = (known: readonly string[]) =>
    strayFiles(folder, (name) => known.includes(name)).map((name) => problem(`${name} is no file of a record.`))
  try {
    if (kind === 'measurement') {
      const record = readMeasurement(folder)
      const problems = checkMeasurement(record, folder, { tables, place: place.table })
      return [...problems, ...inFolder([...checkMeasurementSeal(record), ...stray(['measurement.json'])])]
    }
    const row = findRow(place, tables)
    const record = await readRecord(folder)
    records.push(record)
    const known = ['manifest.json', ...record.logs.map(({ file }) => path.basename(file))]
    return [...checkAgainstRow(record, row, { ownData }), ...inFolder([...checkSeal(record), ...stray(known)])]
  } catch (error) {
    if (error instanceof TricklabError) return [...error.problems]
    throw error
  }
}

/** Checks the record of a row against its recipe of today. */
export function checkAgainstRow(record: RunRecord, row: Row, { ownData }: Pick<Records, 'ownData'>): Problem[] {
  return checkRead(record, currentRow(row, record.manifest), {
    ownData,
    acceptFallsShort: row.knownToFallShort,
    acceptExceeds: row.knownToExceed && row.note !== undefined,
  })
}

/** The row of a record. @errors E_RECORD where its table or row is gone */
export function findRow(
  { table: id, row }: { readonly table: string; readonly row: string },
  tables: readonly Table[],
): Row {
  // A table that was named takes the place of a documented one of its name.
  const table = tables.findLast((other) => other.id === id)
  if (table?.kind === 'training' && rowNames(table).includes(row)) return normalizeRow(table, row)
  const fix =
    table === undefined
      ? 'name the file of the table with --table; delete the record of a table that is gone.'
      : 'delete the record, or bring the row back.'
  throw new TricklabError([problem(`There is no row ${id}/${row}, or not any more.`, undefined, undefined, fix)])
}
