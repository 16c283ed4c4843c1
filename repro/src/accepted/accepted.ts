import { cpSync, existsSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { failAll } from '@tricklab/core/errors'
import { makeFolder } from '@tricklab/core/files'
import { type MeasurementTable, type Row, rowNames } from '@tricklab/core/recipe'
import { tables as documentedTables } from '@tricklab/recipes'
import { acceptMeasurement } from '../measurement/accept.ts'
import { isMeasurement, readMeasurement } from '../measurement/record.ts'
import type { MeasurementRecord } from '../measurement/types.ts'
import { type RunRecord, readManifest, readRecord } from '../record/read.ts'
import { rowHead } from '../record/row-head.ts'
import { sealOf } from '../record/seal.ts'
import type { Manifest } from '../record/types.ts'
import { checkAgainstRow, findRow } from './check-accepted.ts'
import { joinManifests } from './join.ts'
import { pickSeeds } from './pick-seeds.ts'
import { acceptedFolder, type Records, recordPlaces } from './places.ts'

const folderOf = (table: string, row: string, root = acceptedFolder) => path.join(root, table, row)

/** The accepted record of a row, or undefined. */
export function findAccepted(table: string, row: string, root = acceptedFolder): string | undefined {
  const folder = folderOf(table, row, root)
  return existsSync(path.join(folder, 'manifest.json')) ? folder : undefined
}

export interface AcceptOptions extends Records {
  /** Keep the seeds of the record that is there, and add those of the run. */
  readonly join?: boolean
  /** Of the run, these seeds alone; default: all, which must be done. */
  readonly seeds?: readonly number[]
}

/**
 * Copies a finished run to the accepted records, without weights, checkpoints and pages: in place of what was there, or
 * joined with it. What the table decides beside the recipe, such as title and documented values, is taken from the table;
 * a seal is put on all. An accepted record may be accepted once more.
 * @returns the folder of the record
 * @errors E_RUN_UNKNOWN when there is no run, or no record to join; E_RECORD when the result would not pass the check, or
 *   two records are not of one recipe, dataset, engine and precision
 */
export async function acceptRecord(run: string, options: AcceptOptions = {}): Promise<string> {
  const { join = false, seeds, root = acceptedFolder, tables: own = [], ownData } = options
  const tables = [...documentedTables, ...own]
  if (isMeasurement(run)) return acceptMeasurement(run, root, tables)
  const given = await readManifest(run)
  const manifest = seeds === undefined ? given : pickSeeds(given, seeds, (await readRecord(run)).logs)
  const row = findRow(manifest, tables)
  const target = folderOf(row.table.id, row.name, root)
  const whole = join ? joinManifests(await readManifest(target), manifest) : manifest
  const fresh = `${target}.new`
  rmSync(fresh, { recursive: true, force: true })
  makeFolder(fresh)
  try {
    const logs = (from: string) => readdirSync(from).filter((file) => file.endsWith('.jsonl'))
    const picked = (name: string) => seeds === undefined || seeds.some((seed) => name === `seed-${seed}.jsonl`)
    for (const name of join ? logs(target) : []) cpSync(path.join(target, name), path.join(fresh, name))
    for (const name of logs(run).filter(picked)) cpSync(path.join(run, name), path.join(fresh, name))
    await writeSealed(fresh, withHeadOfToday(whole, row))
    failAll(checkAgainstRow({ ...(await readRecord(fresh)), folder: run }, row, { ownData }))
    rmSync(target, { recursive: true, force: true })
    renameSync(fresh, target)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    removeIfEmpty(path.dirname(target))
  }
  return target
}

/** A record that was refused leaves no folder behind. */
function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}

/** Everything that the table decides, but for the recipe: a run of another recipe is another run. */
function withHeadOfToday(manifest: Manifest, row: Row): Manifest {
  const { recipe, recipeHash } = manifest
  const { note: _note, ...unremarked } = manifest
  // Keys keep their places, so that accepting a record once more changes only what is another.
  return { ...(row.note === undefined ? unremarked : manifest), ...rowHead(row), recipe, recipeHash }
}

async function writeSealed(folder: string, manifest: Manifest): Promise<void> {
  const file = path.join(folder, 'manifest.json')
  const write = (value: Manifest) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
  const { seal: _seal, ...unsealed } = manifest
  write(unsealed)
  write({ ...unsealed, seal: sealOf(await readRecord(folder)) })
}

/**
 * Every accepted record: by table and row in the recipes' order, then those of other tables by name.
 * @errors E_RECORD
 */
export async function acceptedRecords(root = acceptedFolder): Promise<RunRecord[]> {
  const documented = documentedTables.flatMap((table) => rowNames(table).map((row) => folderOf(table.id, row, root)))
  const places = recordPlaces(root).filter(({ kind }) => kind === 'training')
  const order = (folder: string) => documented.indexOf(folder) + 1 || documented.length + 1
  const folders = places.map(({ folder }) => folder).sort((a, b) => order(a) - order(b))
  return Promise.all(folders.map(readRecord))
}

/** An accepted record of a measured table. */
export interface AcceptedMeasurement {
  readonly table: MeasurementTable
  readonly record: MeasurementRecord
}

/** Every accepted measurement, in the order of the tables. @errors E_RECORD */
export function acceptedMeasurements(root = acceptedFolder): AcceptedMeasurement[] {
  return documentedTables.flatMap((table) => {
    const folder = path.join(root, table.id)
    return table.kind === 'measurement' && isMeasurement(folder) ? [{ table, record: readMeasurement(folder) }] : []
  })
}
