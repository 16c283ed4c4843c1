import { createRng, type Dataset, type Model } from '@tricklab/core'
import type { ProgressSink } from '../progress.ts'
import type { SeedLog } from '../record/read.ts'
import { createRowModel } from '../runner/learner.ts'
import { seedFiles } from '../runner/seed-files.ts'
import { checkStages, disposeStages, type OpenStages, openStages } from '../runner/stages.ts'
import { loadWeights } from './load-weights.ts'
import type { OpenedRun } from './open-run.ts'

/**
 * Opens the stages of a run and the model of a seed with its weights, for as long as they are used.
 * @param options.weights a file with other weights for the model; absent: those of the run
 * @errors those of loadWeights and openStages
 */
export async function withSeedModel<T>(
  { record, row }: OpenedRun,
  { seed, end }: SeedLog,
  options: { readonly dataset: Dataset; readonly progress: ProgressSink; readonly weights?: string | undefined },
  use: (stages: OpenStages, model: Model) => Promise<T>,
): Promise<T> {
  const { manifest, folder } = record
  const stages = await openStages(row, manifest.partial ?? {}, options.dataset, createRng(seed), options.progress)
  const model = createRowModel(row, seed, stages[0].source)
  try {
    checkStages(model, stages)
    if (options.weights !== undefined) await loadWeights(model, options.weights, undefined)
    else await loadWeights(model, seedFiles(folder, seed).weights, end!.weights)
    return await use(stages, model)
  } finally {
    model.dispose()
    await disposeStages(stages)
  }
}
