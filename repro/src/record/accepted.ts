import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  fail,
  failAll,
  formatProblem,
  type MeasurementTable,
  normalizeRow,
  type Problem,
  type Row,
  rowNames,
  stageRecipes,
  suggest,
  type TrainingTable,
  TricklabError,
} from '@tricklab/core'
import { tables } from '@tricklab/recipes'
import { formatSummary } from '../format.ts'
import { documentedNumber, judgeMeasurement } from '../measurement/read.ts'
import { acceptMeasurement, checkMeasurement, isMeasurement, readMeasurement } from '../measurement/record.ts'
import type { MeasurementRecord } from '../measurement/types.ts'
import { verdictRow } from '../report/index.ts'
import type { Summary } from '../statistics/index.ts'
import { reportedSummary } from '../verdict.ts'
import { type CurrentRow, checkRecord, planOfStages } from './check.ts'
import { joinManifests } from './join.ts'
import { type RunRecord, readManifest, readRecord } from './read.ts'
import type { Manifest } from './types.ts'

/** Accepted records: `TABLE/ROW` below this folder, in the repository. */
export const acceptedFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../records')

const folderOf = (table: string, row: string, root = acceptedFolder) => path.join(root, table, row)

/** The accepted record of a row, or undefined. */
export function findAccepted(table: string, row: string, root = acceptedFolder): string | undefined {
  const folder = folderOf(table, row, root)
  return existsSync(path.join(folder, 'manifest.json')) ? folder : undefined
}

export interface AcceptOptions {
  /** Keep the seeds of the record that is there, and add those of the run. */
  readonly join?: boolean
  readonly root?: string
}

/**
 * Copies a finished run to the accepted records, without weights, checkpoints and pages: in place of what was there, or
 * joined with it.
 * @returns the folder of the record
 * @errors E_RUN_UNKNOWN when there is no run, or no record to join; E_RECORD when the result would not pass the check, or
 *   two records are not of one recipe, dataset, engine and precision
 */
export async function acceptRecord(run: string, { join = false, root = acceptedFolder }: AcceptOptions = {}) {
  if (isMeasurement(run)) return acceptMeasurement(run, root)
  const manifest = await readManifest(run)
  const target = folderOf(manifest.table, manifest.row, root)
  const whole = join ? joinManifests(await readManifest(target), manifest) : manifest
  const fresh = `${target}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  try {
    for (const from of join ? [target, run] : [run]) {
      for (const name of readdirSync(from).filter((file) => file.endsWith('.jsonl'))) {
        cpSync(path.join(from, name), path.join(fresh, name))
      }
    }
    writeFileSync(path.join(fresh, 'manifest.json'), `${JSON.stringify(whole, null, 2)}\n`)
    failAll(await checkAgainstRecipe(join ? fresh : run, whole))
    rmSync(target, { recursive: true, force: true })
    renameSync(fresh, target)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return target
}

/** Every accepted record, by table and row in the recipes' order. @errors E_RECORD */
export async function acceptedRecords(root = acceptedFolder): Promise<RunRecord[]> {
  const folders = tables.flatMap((table) => rowNames(table).flatMap((row) => findAccepted(table.id, row, root) ?? []))
  return Promise.all(folders.map(readRecord))
}

/** An accepted record of a measured table. */
export interface AcceptedMeasurement {
  readonly table: MeasurementTable
  readonly record: MeasurementRecord
}

/** Every accepted measurement, in the order of the tables. @errors E_RECORD */
export function acceptedMeasurements(root = acceptedFolder): AcceptedMeasurement[] {
  return tables.flatMap((table) => {
    const folder = path.join(root, table.id)
    return table.kind === 'measurement' && isMeasurement(folder) ? [{ table, record: readMeasurement(folder) }] : []
  })
}

/** What was found of one accepted record. */
export interface CheckedRecord {
  readonly table: string
  readonly row: string
  readonly record: string
  readonly problems: readonly Problem[]
}

/** Verifies every accepted record from its files alone. */
export async function checkAcceptedRecords(root = acceptedFolder) {
  const items: CheckedRecord[] = []
  for (const table of existsSync(root) ? readdirSync(root).sort() : []) {
    const folder = path.join(root, table)
    if (isMeasurement(folder)) {
      items.push({ table, row: 'all rows', record: folder, problems: checkMeasurement(folder) })
      continue
    }
    for (const row of readdirSync(folder).sort()) {
      const record = folderOf(table, row, root)
      items.push({ table, row, record, problems: await checkFolder(record) })
    }
  }
  const lines = items.flatMap(({ table, row, problems }) => [
    `${problems.length === 0 ? '✔' : '✖'} ${table}/${row}`,
    ...problems.map((problem) => `  ${formatProblem(problem)}`),
  ])
  const broken = items.filter(({ problems }) => problems.length > 0).length
  const summary = `${items.length} records checked, ${broken === 0 ? 'all hold' : `${broken} do not hold`}.`
  return { ok: broken === 0, items, text: [...lines, summary].join('\n') }
}

async function checkFolder(record: string): Promise<readonly Problem[]> {
  try {
    return await checkAgainstRecipe(record, await readManifest(record))
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
}

/** Checks a record against the recipe of today; a table or row that is gone is a problem too. */
async function checkAgainstRecipe(record: string, manifest: Manifest): Promise<Problem[]> {
  const table = tables.find(({ id }) => id === manifest.table)
  if (table?.kind !== 'training' || !rowNames(table).includes(manifest.row)) {
    const what = `${record}: there is no row ${manifest.table}/${manifest.row} any more.`
    return [{ code: 'E_RECORD', what, fix: 'delete the record, or bring the row back.' }]
  }
  const row = normalizeRow(table, manifest.row)
  return checkRecord(record, currentRow(row, manifest), { acceptFallsShort: row.knownToFallShort })
}

function currentRow(
  { recipe, hash, metrics, reported, tolerance, recordedSeeds }: Row,
  { dataset }: Manifest,
): CurrentRow {
  return {
    recipeHash: hash,
    reported: reported === undefined ? null : { metric: 'accuracy', ...reported },
    tolerance: tolerance ?? null,
    seeds: recordedSeeds,
    trainSize: dataset.train,
    validSize: dataset.valid,
    metrics,
    predictor: recipe.predictor?.use,
    ...planOfStages(stageRecipes(recipe), recipe.stages !== undefined),
  }
}

/** A row of `pnpm repro list`. */
export interface ListedRow {
  readonly table: string
  readonly row: string
  readonly kind: 'training' | 'summary' | 'measurement'
  readonly reported: string
  readonly measured: string
  readonly status: string
}

/**
 * Documented rows with their status: a verdict where a record was accepted, else `not yet run`.
 * @param filter what `TABLE/ROW` holds; default: every row
 * @errors E_TABLE_UNKNOWN when no row holds it
 */
export async function listRows(root = acceptedFolder, filter = '') {
  const wanted = (table: string, row: string) => `${table}/${row}`.toLowerCase().includes(filter.toLowerCase())
  const items: ListedRow[] = []
  for (const table of tables) {
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
        tables.flatMap((table) => [table.id, ...rowNames(table)]),
      ),
    })
  }
  const header = { table: 'table', row: 'row', reported: 'documented', measured: 'measured', status: 'status' }
  const columns = ['table', 'row', 'reported', 'measured', 'status'] as const
  const widths = columns.map((column) => Math.max(...[header, ...items].map((item) => item[column].length)))
  const text = [header, ...items]
    .map((item) =>
      columns
        .map((column, index) => item[column].padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
  return { items, text }
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
    reported: reported === null ? '–' : formatSummary(format, reported),
    measured: result?.measured == null ? '–' : formatSummary(format, result.measured),
    status: result === undefined ? 'not yet run' : `${result.verdict} (${result.engine})`,
  }
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
    status: isReference ? 'what the others are divided by' : status,
  }
}

/** Closed-form rows are computed each time: there is nothing to record. */
function listSummary(table: string, row: string): ListedRow {
  return { table, row, kind: 'summary', reported: 'exact', measured: 'computed', status: 'computed when asked' }
}
