import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Row } from '@tricklab/core/recipe'
import { findAccepted } from '../accepted/accepted.ts'
import { readRecord } from '../record/read.ts'
import type { Manifest } from '../record/types.ts'
import { readEnd, readManifest, rowFolder } from '../runner/run-folder.ts'
import { type VerdictRow, verdictRow } from '../verdict/verdict-row.ts'

/** The accepted record of a row. */
export interface RecordedRow extends VerdictRow {
  /** What its seeds took of memory at most. @unit MiB */
  readonly peakMemoryMiB: number | null
}

/** The verdict on the accepted record of a row; undefined without one, and where the recipe has changed since. */
export async function recordedRow(row: Row, root?: string): Promise<RecordedRow | undefined> {
  const folder = findAccepted(row.table.id, row.name, root)
  if (folder === undefined) return undefined
  const record = await readRecord(folder)
  if (record.manifest.recipeHash !== row.hash) return undefined
  return { ...verdictRow(record), peakMemoryMiB: largest(record.logs.flatMap(({ end }) => end?.peakMemoryMiB ?? [])) }
}

const largest = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values))

/** Whole runs of today's recipe below `--out`. */
export interface FinishedSeeds {
  readonly seeds: readonly number[]
  /** Engine, precision and threads of every run, finished or not. */
  readonly engines: readonly Pick<Manifest['engine'], 'name' | 'precision' | 'threads'>[]
  /** What a seed took of memory at most. @unit MiB */
  readonly peakMemoryMiB: number | null
}

/** Whole runs of today's recipe of a row below `--out`. */
export function runsOf(out: string, row: Row): { readonly folder: string; readonly manifest: Manifest }[] {
  const parent = rowFolder(out, row)
  const runs = existsSync(parent) ? readdirSync(parent).map((name) => path.join(parent, name)) : []
  return runs.flatMap((folder) => {
    const found = readManifest(folder)
    if (found === 'missing' || 'fault' in found) return []
    const { manifest } = found
    return manifest.recipeHash === row.hash && manifest.partial === null ? [{ folder, manifest }] : []
  })
}

/** Which seeds of a row have finished below `--out`, on which engines it was begun, and what it took of memory. */
export function finishedSeeds(out: string, row: Row): FinishedSeeds {
  const own = runsOf(out, row)
  const ends = own.flatMap(({ folder, manifest }) =>
    manifest.seeds.flatMap((seed) => {
      const end = readEnd(folder, seed)
      return end === undefined ? [] : [{ seed, end }]
    }),
  )
  return {
    seeds: [...new Set(ends.map(({ seed }) => seed))].sort((a, b) => a - b),
    engines: own.map(({ manifest }) => manifest.engine),
    peakMemoryMiB: largest(ends.map(({ end }) => end.peakMemoryMiB)),
  }
}
