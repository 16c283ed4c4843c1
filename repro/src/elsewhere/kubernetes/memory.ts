import { findAccepted } from '../../accepted/accepted.ts'
import { readRecord } from '../../record/read.ts'
import type { Batch } from '../batch.ts'
import { foldersWith } from '../runs.ts'

/** A page cache and the next version of a library want some room above what was measured. */
const room = 1.25

/**
 * What a job of a batch needs, by the seeds of its rows that were trained: in accepted records, and below the folder of runs.
 * @returns undefined where a row was never trained
 * @unit MiB
 */
export async function measuredMemory({ table, jobs }: Batch, runs: string): Promise<number | undefined> {
  const own = new Set(jobs.map(({ recipeHash }) => recipeHash))
  const accepted = [...new Set(jobs.map(({ row }) => row))].flatMap((row) => findAccepted(table, row) ?? [])
  const peaks = new Map<string, number>()
  for (const folder of [...accepted, ...foldersWith('manifest.json', runs)]) {
    const record = await readRecord(folder).catch(() => undefined)
    if (record === undefined || !own.has(record.manifest.recipeHash)) continue
    const { recipeHash } = record.manifest
    for (const { end } of record.logs) {
      if (end !== null) peaks.set(recipeHash, Math.max(peaks.get(recipeHash) ?? 0, end.peakMemoryMiB))
    }
  }
  return peaks.size < own.size ? undefined : Math.ceil(room * Math.max(...peaks.values()))
}
