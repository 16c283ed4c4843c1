import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fail, failAll, type Json, type MeasurementTable, type Problem, rowNames, TricklabError } from '@tricklab/core'
import { hashJson, makeFolder, writeFileAtomic } from '@tricklab/core/checkpoint'
import { tables } from '@tricklab/recipes'
import { engineShape, environmentShape } from '../record/schema.ts'
import { anything, count, digest, listOf, nullable, number, objectOf, oneOf, text, time } from '../record/shape.ts'
import { judgeMeasurement, measuredOf } from './read.ts'
import type { MeasurementRecord } from './types.ts'

const fileName = 'measurement.json'

const flag = (value: unknown, at: string) => (typeof value === 'boolean' ? [] : [`${at}: expected true or false`])

const shape = objectOf({
  schema: oneOf(1),
  table: text,
  title: text,
  source: text,
  measuredHash: digest,
  measured: anything,
  engine: engineShape,
  environment: environmentShape,
  loadAtStart: number,
  turns: count,
  steps: count,
  partial: flag,
  started: time,
  ended: time,
  samples: listOf(
    objectOf({
      series: text,
      quantity: oneOf('time', 'memory', 'train', 'predict', 'latency'),
      side: nullable(count),
      turns: listOf(listOf(number)),
    }),
  ),
})

/** True for the folder of a measured table, as opposed to that of a trained row. */
export const isMeasurement = (folder: string): boolean => existsSync(path.join(folder, fileName))

/** Hash of what a table measures, as of today. */
export const measuredHash = (table: MeasurementTable): string => hashJson(measuredOf(table) as Json)

/** Writes a record into a folder of its own below `out`. Returns the folder. @errors E_OUT_WRITE */
export async function writeMeasurement(out: string, record: MeasurementRecord): Promise<string> {
  const folder = path.resolve(out, record.table, record.started.slice(0, 19).replaceAll(':', '-'))
  try {
    makeFolder(folder)
    await writeFileAtomic(path.join(folder, fileName), [`${JSON.stringify(record)}\n`])
  } catch (cause) {
    fail('E_OUT_WRITE', {
      what: `${folder} cannot be written: ${(cause as Error).message}.`,
      expected: 'a folder with write access.',
      received: `--out ${out}.`,
      fix: 'choose another folder with --out, or mend its permissions.',
      cause,
    })
  }
  return folder
}

/** Reads a record, strictly. @errors E_RUN_UNKNOWN, E_RECORD */
export function readMeasurement(folder: string): MeasurementRecord {
  const file = path.join(folder, fileName)
  if (!existsSync(file)) {
    fail('E_RUN_UNKNOWN', {
      what: `There is no measurement at "${folder}".`,
      expected: `a folder with a ${fileName}.`,
      fix: 'name the folder of a run, or make one with pnpm repro TABLE.',
    })
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    fail('E_RECORD', { what: `${file} is not JSON: ${(cause as Error).message}.`, cause })
  }
  failAll(shape(value, '').map((what) => ({ code: 'E_RECORD' as const, what: `${file}: ${what}.` })))
  return value as MeasurementRecord
}

/**
 * Verifies a record from its file alone: that it measured what the table says today, all of it, and that no claim falls
 * short. Everything shown is computed from the raw figures, so there is no arithmetic to verify.
 */
export function checkMeasurement(folder: string): Problem[] {
  const problem = (what: string, fix: string): Problem => ({ code: 'E_RECORD', what: `${folder}: ${what}`, fix })
  let record: MeasurementRecord
  try {
    record = readMeasurement(folder)
  } catch (error) {
    if (error instanceof TricklabError) return [...error.problems]
    throw error
  }
  const table = tables.find(({ id }) => id === record.table)
  if (table?.kind !== 'measurement') {
    return [problem(`there is no table ${record.table} any more.`, 'delete the record, or bring the table back.')]
  }
  const again = `run \`pnpm repro ${table.id}\` and accept the new record.`
  if (record.measuredHash !== hashJson(record.measured)) {
    return [problem('its hash is not that of what it says it measured.', again)]
  }
  if (record.measuredHash !== measuredHash(table)) return [problem('the table measures something else today.', again)]
  if (record.partial) return [problem('rows were left out.', again)]
  const rows = judgeMeasurement(table, record)
  const known = (row: string) => table.rows[row]?.knownToFallShort === true
  const expected = rowNames(table).filter((row) => table.measures === 'scaling' || row !== table.reference)
  return [
    ...expected
      .filter((name) => !rows.some(({ row }) => row === name))
      .map((name) => problem(`there are no figures for ${name}.`, again)),
    ...rows
      .filter(({ row, verdict }) => verdict === 'falls-short' && !known(row))
      .map(({ row, note }) => problem(`${row} falls short: ${note}`, 'find out why, or say so with knownToFallShort.')),
  ]
}

/** Copies a record that holds to the accepted ones, in place of what was there. Returns its folder. */
export async function acceptMeasurement(run: string, root: string): Promise<string> {
  failAll(checkMeasurement(run))
  const target = path.join(root, readMeasurement(run).table)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  await writeFileAtomic(path.join(target, fileName), [readFileSync(path.join(run, fileName))])
  return target
}
