import { createRng, fail, type Model, type NormalUse, type Row, type Shape } from '@tricklab/core'
import type { ProgressSink } from '../progress.ts'
import type { SeedLog } from '../record/read.ts'
import type { Limits } from '../record/types.ts'
import { createRowModel, knownInput, stageRows } from '../runner/learner.ts'
import { openDataset } from '../runner/run.ts'
import { seedFiles } from '../runner/seed-files.ts'
import { checkStages, disposeStages, openStages } from '../runner/stages.ts'
import { loadWeights } from './load-weights.ts'
import type { OpenedRun } from './open-run.ts'

/** A trained network, and what it wants to be fed. */
export interface TrainedModel {
  /** Belongs to the caller. */
  readonly model: Model
  readonly row: Row
  readonly seed: number
  /** Of the images that it was last trained on. */
  readonly imageShape: Shape
  readonly classes: readonly string[]
  /** Pixels from 0 to 1 become `(pixel − mean) / std`, channel by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] }
  /** What made photographs into images of `imageShape` for validation; undefined where the dataset holds ready-made images. */
  readonly crop: NormalUse | undefined
}

/**
 * Builds the network of a run again, with the weights of a seed. The data are opened only where images decide the normalisation.
 * @param seed undefined: the first that is done
 * @errors E_RUN_UNKNOWN, those of loadWeights and openDataset
 */
export async function loadTrainedModel(
  { record, row }: OpenedRun,
  services: { seed?: number; dataPaths: readonly string[]; progress: ProgressSink; signal: AbortSignal },
): Promise<TrainedModel> {
  const { folder, logs, manifest } = record
  const { seed, end } = chooseLogs(logs, services.seed, folder)[0]!
  const inputs = await describeInputs(row, manifest.partial ?? {}, seed, services)
  const model = createRowModel(row, seed, inputs[0]!)
  try {
    checkStages(
      model,
      inputs.map((source) => ({ source })),
    )
    await loadWeights(model, seedFiles(folder, seed).weights, end!.weights)
    const crop = stageRows(row).at(-1)!.recipe.data.valid?.crop
    return { model, row, seed, ...inputs.at(-1)!, crop }
  } catch (error) {
    model.dispose()
    throw error
  }
}

type Input = Pick<TrainedModel, 'imageShape' | 'classes' | 'normalization'>

/** What the network is fed, stage by stage. The data are opened only where images decide it. */
async function describeInputs(
  row: Row,
  limits: Limits,
  seed: number,
  services: Parameters<typeof openDataset>[1],
): Promise<readonly Input[]> {
  const known = stageRows(row).map(knownInput)
  if (known.every((input) => input?.normalization !== undefined)) return known as readonly Input[]
  const dataset = await openDataset(row, services)
  try {
    const stages = await openStages(row, limits, dataset, createRng(seed), services.progress)
    await disposeStages(stages)
    return stages.map(({ source: { imageShape, classes, normalization } }) => ({ imageShape, classes, normalization }))
  } finally {
    dataset.dispose?.()
  }
}

/** The logs of the seeds that are done, or of one of them. @errors E_RUN_UNKNOWN */
export function chooseLogs(logs: readonly SeedLog[], seed: number | undefined, folder: string): SeedLog[] {
  const finished = logs.filter(({ end }) => end !== null)
  const chosen = seed === undefined ? finished : finished.filter((log) => log.seed === seed)
  if (chosen.length > 0) return chosen
  return fail('E_RUN_UNKNOWN', {
    what: `${folder} has no finished seed${seed === undefined ? '' : ` ${seed}`}.`,
    expected: finished.length === 0 ? 'a finished run.' : `one of ${finished.map((log) => log.seed).join(', ')}.`,
    fix: 'name a seed that is done, or finish the run with pnpm repro TABLE/ROW --resume.',
  })
}
