import { fail, listParams, type Model, TricklabError } from '@tricklab/core'
import { hashWeights, saveWeights } from '@tricklab/core/checkpoint'
import type { Problem } from '@tricklab/core/errors'
import type { BoundCallback } from '@tricklab/core/loop'
import { normalizeRow, type Row, rowNames, type TrainingTable } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import type { Tracker } from '@tricklab/trackers'
import { type OpenOptions, openRow } from './open-row.ts'
import type { ProgressSink } from './progress.ts'
import { type TrainedRow, trainRow } from './train-row.ts'

export interface TrainOptions extends Pick<OpenOptions, 'seed' | 'dataset' | 'dataPaths' | 'limits' | 'signal'> {
  /** Name of the row; may be left out where the table has one row. */
  readonly row?: string
  /** Engine to compute with; default: the one that is prepared, and `auto` where none is. */
  readonly engine?: EngineName | 'auto'
  /** Callbacks beside those of the recipe. */
  readonly callbacks?: readonly BoundCallback[]
  /** Told of the training while it goes on: `csvTracker`, `tensorboardTracker`, `mlflowTracker` of `@tricklab/trackers`. */
  readonly trackers?: readonly Tracker[]
  /** Told of every step and epoch, of downloads and of notices; default: nobody. */
  readonly onProgress?: ProgressSink
}

/** A trained network, and what its training came to. */
export interface Training extends TrainedRow {
  readonly row: Row
  readonly seed: number
  readonly classes: readonly string[]
  /** Its weights are those that were scored. */
  readonly model: Model
  /**
   * Writes the weights as safetensors, in the form of a run's.
   * @returns SHA-256 of the weights, which `weights: { file, sha256 }` of a recipe that begins with them names
   * @errors E_CHECKPOINT_WRITE
   */
  save(file: string): Promise<string>
  /** Frees the network. */
  dispose(): void
}

/**
 * Trains one row of a table for one seed, in this process, and returns the trained network with its scores. Nothing is
 * written: `pnpm repro` keeps records, checkpoints and verdicts.
 * @errors E_ROW_UNKNOWN; those of the row, its dataset and engine; E_INTERRUPTED after the signal
 */
export async function train(what: TrainingTable | Row, options: TrainOptions = {}): Promise<Training> {
  const { row: name, engine, callbacks = [], trackers = [], onProgress: progress = () => {}, ...rest } = options
  const row = 'recipe' in what ? what : chooseRow(what, name)
  if (engine !== undefined || tf.engine().backendName === undefined) {
    await prepareEngine(engine ?? 'auto', {
      preferredPrecision: row.recipe.precision ?? 'f32',
      onNotice: (message) => progress({ kind: 'notice', message }),
    })
  }
  const opened = await openRow(row, { ...rest, progress })
  try {
    const trained = await trainRow(opened, { callbacks: () => callbacks, trackers }).catch(tellOfNoCheckpoint)
    const model = opened.releaseModel()
    const weights = () =>
      Object.fromEntries(listParams(model.params).map(({ path, value }) => [path, value as tf.Tensor]))
    return {
      ...trained,
      row,
      seed: opened.seed,
      classes: opened.stages[0].source.classes,
      model,
      async save(file) {
        await saveWeights(file, weights(), { table: row.table.id, row: row.name, recipeHash: row.hash })
        return hashWeights(weights())
      },
      dispose: () => model.dispose(),
    }
  } finally {
    await opened.dispose()
  }
}

/** The loop sends whoever stopped it to `--resume`, which only the commands have. */
function tellOfNoCheckpoint(error: unknown): never {
  if (!(error instanceof TricklabError) || error.code !== 'E_INTERRUPTED') throw error
  const [{ what }] = error.problems as [Problem]
  return fail('E_INTERRUPTED', {
    what,
    fix: 'train again from the start: `train` keeps no checkpoint. `pnpm repro` does, and goes on with --resume.',
  })
}

function chooseRow(table: TrainingTable, name: string | undefined): Row {
  const names = rowNames(table)
  if (name === undefined && names.length !== 1) {
    fail('E_ROW_UNKNOWN', {
      what: `The table "${table.id}" has ${names.length} rows, and no row is named.`,
      expected: `one of ${names.join(', ')}.`,
      received: 'no `row`.',
      fix: `name the row: train(table, { row: '${names[0]}' }).`,
    })
  }
  return normalizeRow(table, name ?? names[0]!)
}
