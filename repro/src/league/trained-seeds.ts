import type { Row } from '@tricklab/core/recipe'
import { findAccepted } from '../accepted/accepted.ts'
import { runsOf } from '../plan/done.ts'
import { type RunRecord, readRecord, type SeedLog } from '../record/read.ts'

/** A seed of a row that was trained to its end, and the record that tells of it. */
export interface TrainedSeed {
  readonly log: SeedLog
  readonly manifest: RunRecord['manifest']
}

/**
 * The seeds of a row that are trained, each once: of the accepted record, then of whole runs below `out`. Trainings of an
 * earlier recipe are left out.
 * @param root folder of the records; default: that of the repository
 * @errors E_RECORD, E_RUN_UNKNOWN
 */
export async function trainedSeeds(row: Row, out: string, root?: string): Promise<TrainedSeed[]> {
  const accepted = findAccepted(row.table.id, row.name, root)
  const folders = [...(accepted === undefined ? [] : [accepted]), ...runsOf(out, row).map(({ folder }) => folder)]
  const seeds = new Map<number, TrainedSeed>()
  for (const folder of folders) {
    const { manifest, logs } = await readRecord(folder)
    if (manifest.recipeHash !== row.hash) continue
    for (const log of logs) if (log.end !== null && !seeds.has(log.seed)) seeds.set(log.seed, { log, manifest })
  }
  return [...seeds.values()].sort((a, b) => a.log.seed - b.log.seed)
}
