import { fail } from '@tricklab/core'
import type { NormalUse } from '@tricklab/core/plugin'
import { type KnownInput, type OpenedModel, type OpenOptions, openModel } from '@tricklab/train'
import type { SeedLog } from '../record/read.ts'
import { seedFiles } from '../runner/seed-files.ts'
import { loadWeights } from './load-weights.ts'
import type { OpenedRun } from './open-run.ts'

/** A trained network, and what it wants to be fed: pixels from 0 to 1 become `(pixel − mean) / std`, channel by channel. */
export interface TrainedModel extends Omit<OpenedModel, 'inputs'>, KnownInput {
  readonly normalization: NonNullable<KnownInput['normalization']>
  /** What made photographs into images of `imageShape` for validation; undefined where the dataset holds ready-made images. */
  readonly crop: NormalUse | undefined
}

/**
 * Builds the network of a run again, with the weights of a seed; its model is the caller's. The data are opened only where
 * images decide the normalisation.
 * @param options.seed undefined: the first that is done
 * @param options.weights looks at the model before its weights are read
 * @errors E_RUN_UNKNOWN, those of loadWeights and openModel
 */
export async function loadTrainedModel({ record, row }: OpenedRun, options: OpenOptions = {}): Promise<TrainedModel> {
  const { folder, logs, manifest } = record
  const { seed, end } = chooseLogs(logs, options.seed, folder)[0]!
  const { inputs, ...opened } = await openModel(row, {
    ...options,
    seed,
    normalized: true,
    limits: manifest.partial ?? {},
    async weights(model) {
      await options.weights?.(model)
      await loadWeights(model, seedFiles(folder, seed).weights, end!.weights)
    },
  })
  const input = inputs.at(-1)!
  return {
    ...opened,
    ...input,
    normalization: input.normalization!,
    crop: opened.stages.at(-1)!.recipe.data.valid?.crop,
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
