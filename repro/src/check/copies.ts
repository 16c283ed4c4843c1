import type { Json } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import type { RunRecord, SeedLog } from '../record/read.ts'

/** Two seeds of which one must be a copy of the other. */
export interface Copy {
  /** Folder of the second. */
  readonly folder: string
  /** Folder of the first. */
  readonly of: string
  readonly what: string
}

interface Training {
  readonly folder: string
  readonly log: SeedLog
  /** What decides the weights beside the seed. */
  readonly recipe: string
}

/**
 * Seeds that say the same where chance would have to repeat itself. Equal weights are allowed to one seed in rows that
 * differ only in how they are scored; so is an equal beginning, for rows of one seed may part late.
 */
export function findCopies(records: readonly RunRecord[]): Copy[] {
  const trainings = records.flatMap(({ folder, manifest, logs }) => {
    const recipe = hashJson(trainingOf(manifest.recipe))
    return logs.map((log): Training => ({ folder, log, recipe }))
  })
  return trainings.flatMap((second, index) =>
    trainings.slice(0, index).flatMap((first): Copy[] => {
      if (first.log.seed === second.log.seed && first.recipe === second.recipe) return []
      const shared = sharedBy(first.log, second.log)
      if (shared === undefined) return []
      const other = first.folder === second.folder ? '' : ` of ${first.folder}`
      return [
        {
          folder: second.folder,
          of: first.folder,
          what: `Seed ${second.log.seed} has the ${shared} of seed ${first.log.seed}${other}.`,
        },
      ]
    }),
  )
}

/** A recipe without what only scores: predictor, metrics, crops of the validation. */
function trainingOf(recipe: Json): Json {
  if (typeof recipe !== 'object' || recipe === null || Array.isArray(recipe)) return recipe
  const { predictor: _predictor, metrics: _metrics, data, stages, ...rest } = recipe as { [key: string]: Json }
  const { valid: _valid, ...trained } =
    typeof data === 'object' && data !== null ? (data as { [key: string]: Json }) : {}
  return { ...rest, data: trained, stages: Array.isArray(stages) ? stages.map(trainingOf) : null }
}

/** What two logs have in common that no two trainings have; undefined where there is nothing. */
function sharedBy(first: SeedLog, second: SeedLog): string | undefined {
  if (first.end !== null && first.end.weights === second.end?.weights) return 'weights'
  const from = Math.floor(0.75 * Math.min(first.steps.length, second.steps.length))
  const late = second.steps.slice(from)
  // A loss of 0 is what a training that has learnt everything comes to.
  const equal = late.filter(({ loss }, index) => loss !== 0 && loss === first.steps[from + index]?.loss)
  return late.length > 0 && equal.length > late.length / 2 ? 'losses' : undefined
}
