import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import { type MeasurementTable, normalizeRow, type Row, rowNames, type TrainingTable } from '@tricklab/core/recipe'
import { tables as documentedTables } from '@tricklab/recipes'
import { formatDifference, formatInterval, formatSeeds, formatSummary } from '../format.ts'
import { documentedNumber, judgeMeasurement } from '../measurement/read.ts'
import { readRecord } from '../record/read.ts'
import type { RecordedData } from '../record/recorded-data.ts'
import type { Verdict } from '../record/types.ts'
import type { Summary } from '../statistics/index.ts'
import { reportedSummary } from '../verdict/judge.ts'
import { type VerdictRow, verdictRow } from '../verdict/verdict-row.ts'
import { acceptedMeasurements, findAccepted } from './accepted.ts'
import { acceptedFolder } from './places.ts'

/** A row of `pnpm repro list`. */
export interface ListedRow {
  readonly table: string
  readonly row: string
  readonly kind: 'training' | 'summary' | 'measurement'
  readonly reported: string
  readonly measured: string
  /** Measured − documented, with its 95 % interval. */
  readonly difference: string
  /** Null without a record. */
  readonly verdict: Verdict | null
  readonly status: string
  /** What it was measured on. */
  readonly data: string
  /** Seeds of the record. */
  readonly seeds: string
}

/**
 * Documented rows with their status: a verdict where a record was accepted, else `not yet run`.
 * @param filter what `TABLE/ROW` holds; default: every row
 * @errors E_TABLE_UNKNOWN when no row holds it
 */
export async function listRows(root = acceptedFolder, filter = '') {
  const wanted = (table: string, row: string) => `${table}/${row}`.toLowerCase().includes(filter.toLowerCase())
  const items: ListedRow[] = []
  for (const table of documentedTables) {
    for (const row of rowNames(table).filter((name) => wanted(table.id, name))) {
      if (table.kind === 'training') items.push(await listTraining(table, row, root))
      else if (table.kind === 'measurement') items.push(listMeasurement(table, row, root))
      else items.push(listSummary(table.id, row))
    }
  }
  if (items.length === 0) {
    fail('E_TABLE_UNKNOWN', {
      what: `No table and no row holds "${filter}" in its name.`,
      expected: 'a part of TABLE/ROW.',
      received: `"${filter}".`,
      fix: suggest(
        filter,
        documentedTables.flatMap((table) => [table.id, ...rowNames(table)]),
      ),
    })
  }
  const count = formatCount(countRows(items))
  return { items, text: count === '' ? tableOf(items) : `${tableOf(items)}\n\n${count}` }
}

/** In place of a documented value. */
const undocumented = '–'

const columns = ['table', 'row', 'reported', 'measured', 'difference', 'status', 'data', 'seeds'] as const

function tableOf(items: readonly ListedRow[]): string {
  const header = { ...Object.fromEntries(columns.map((column) => [column, column])), reported: 'documented' }
  const lines = [header as Pick<ListedRow, (typeof columns)[number]>, ...items]
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      columns
        .map((column, index) => line[column].padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** How far the trainings with a documented value are. */
export interface RowCount {
  readonly rows: number
  /** Rows with an accepted record. */
  readonly recorded: number
  /** Rows whose record reproduces the documented value. */
  readonly reproduced: number
}

/**
 * Counts the rows that are trained and have a documented value: closed forms and measurements have no seeds to record, and
 * a league or a comparison of our own has nothing to reproduce.
 */
export function countRows(items: readonly ListedRow[]): RowCount {
  const rows = items.filter(({ kind, reported }) => kind === 'training' && reported !== undocumented)
  return {
    rows: rows.length,
    recorded: rows.filter(({ verdict }) => verdict !== null).length,
    reproduced: rows.filter(({ verdict }) => verdict === 'reproduced').length,
  }
}

/** `6 of 113 documented training rows recorded, 4 reproduced.`; empty where there are none. */
export function formatCount({ rows, recorded, reproduced }: RowCount): string {
  if (rows === 0) return ''
  return `${recorded} of ${rows} documented training ${rows === 1 ? 'row' : 'rows'} recorded, ${reproduced} reproduced.`
}

async function listTraining(table: TrainingTable, name: string, root: string): Promise<ListedRow> {
  const row = normalizeRow(table, name)
  const record = findAccepted(table.id, name, root)
  const result = record === undefined ? undefined : verdictRow(await readRecord(record))
  const reported = result?.reported ?? documentedNumbers(row)
  const judged = row.reported?.metric ?? 'accuracy'
  const format = row.metrics.find(({ name }) => name === judged)?.format ?? { style: 'number' }
  return {
    table: table.id,
    row: name,
    kind: 'training',
    reported: reported === null ? undocumented : formatSummary(format, reported),
    measured: result?.measured == null ? '–' : formatSummary(format, result.measured),
    difference: differenceOf(result),
    verdict: result?.verdict ?? null,
    status: result === undefined ? 'not yet run' : `${result.verdict}${on(result.data)} (${result.engine})`,
    data: result?.data.label ?? '–',
    seeds: formatSeeds(result?.seeds ?? []),
  }
}

const on = ({ others }: RecordedData): string => (others === undefined ? '' : ` on ${others}`)

function differenceOf(result: VerdictRow | undefined): string {
  if (result === undefined || result.difference === null) return '–'
  const { format, difference, interval } = result
  const range = interval === null ? '' : ` (${formatInterval(format, interval)})`
  return `${formatDifference(format, difference)}${range}`
}

function documentedNumbers(row: Row): Summary | null {
  return row.reported === undefined ? null : reportedSummary({ metric: 'accuracy', ...row.reported })
}

function listMeasurement(table: MeasurementTable, row: string, root: string): ListedRow {
  const record = acceptedMeasurements(root).find((other) => other.table === table)?.record
  const isReference = table.measures === 'step-time' && row === table.reference
  const result = record === undefined ? undefined : judgeMeasurement(table, record).find((other) => other.row === row)
  const status =
    result === undefined || record === undefined ? 'not yet run' : `${result.verdict} (${record.engine.name})`
  return {
    table: table.id,
    row,
    kind: 'measurement',
    reported: isReference ? 'the reference' : (documentedNumber(table, row)?.toFixed(3) ?? '–'),
    measured: isReference ? '1' : (result?.measured?.toFixed(3) ?? '–'),
    difference: '–',
    verdict: isReference ? null : (result?.verdict ?? null),
    status: isReference ? 'reference for the others' : status,
    data: '–',
    seeds: '–',
  }
}

/** Closed-form rows are computed each time: there is nothing to record. */
function listSummary(table: string, row: string): ListedRow {
  return {
    table,
    row,
    kind: 'summary',
    reported: 'exact',
    measured: 'computed',
    difference: '–',
    verdict: null,
    status: 'computed when asked',
    data: '–',
    seeds: '–',
  }
}
