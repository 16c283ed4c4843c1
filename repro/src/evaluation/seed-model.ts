import type { Dataset } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import { type OpenedRow, openRow, type ProgressSink } from '@tricklab/train'
import type { SeedLog } from '../record/read.ts'
import { seedFiles } from '../runner/seed-files.ts'
import { loadWeights } from './load-weights.ts'
import type { OpenedRun } from './open-run.ts'

export interface SeedModelOptions {
  readonly dataset: Dataset
  /** Beside the table's. */
  readonly plugins: readonly Plugin[]
  /** A file with other weights for the model; absent: those of the run. */
  readonly weights?: string | undefined
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/**
 * Opens the row of a run with the weights of a seed, for as long as it is used.
 * @errors those of loadWeights and openRow
 */
export async function withSeedModel<T>(
  { record, row }: OpenedRun,
  { seed, end }: SeedLog,
  { weights, ...options }: SeedModelOptions,
  use: (opened: OpenedRow) => Promise<T>,
): Promise<T> {
  const { manifest, folder } = record
  const opened = await openRow(row, {
    seed,
    ...options,
    limits: manifest.partial ?? {},
    weights: (model) =>
      weights === undefined
        ? loadWeights(model, seedFiles(folder, seed).weights, end!.weights)
        : loadWeights(model, weights, undefined),
  })
  try {
    return await use(opened)
  } finally {
    await opened.dispose()
  }
}
