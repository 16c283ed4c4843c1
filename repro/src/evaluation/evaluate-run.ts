import type { MetricFormat, Scores } from '@tricklab/core/contracts'
import type { NormalUse, Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import type { Engine } from '@tricklab/engine'
import { describeRow, type ProgressSink, scoreRow } from '@tricklab/train'
import { metricOf } from '../record/metrics.ts'
import type { Manifest } from '../record/types.ts'
import type { OpenedRun } from './open-run.ts'
import { withSeedModel } from './seed-model.ts'
import { chooseLogs } from './trained-model.ts'

export interface EvaluateRunOptions {
  readonly engine: Engine
  /** Undefined: every seed that is done. */
  readonly seed: number | undefined
  /** A file with other weights for the model, under Tricklab's own names; undefined: those of the run. */
  readonly weights?: string | undefined
  /** Undefined: as the row scores, with its own predictor where it has one. */
  readonly predictor: NormalUse | undefined
  /** Plugins beside the table's that the predictor may come from. */
  readonly plugins: readonly Plugin[]
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** What the weights of one seed give. */
export interface SeedEvaluation {
  readonly seed: number
  /** What the record says: of the row's result, or of the last epoch where another predictor is asked for. */
  readonly recorded: Scores
  readonly evaluated: Scores
  /** Whether both are the same to the last bit. */
  readonly equal: boolean
}

/** Several seeds of a run, scored again. */
export interface Evaluation {
  readonly table: string
  readonly row: string
  readonly run: string
  /** Null for the plain scores. */
  readonly predictor: NormalUse | null
  readonly engine: string
  readonly precision: string
  /** Where this differs from the run: engine, threads, processor, data. Bits may then differ. */
  readonly differences: readonly string[]
  readonly seeds: readonly SeedEvaluation[]
  /** How the values of each score are written. */
  readonly formats: { readonly [metric: string]: MetricFormat }
}

/**
 * Scores the validation split of a run with its weights. Without another predictor, and on the engine and machine of the
 * run, the scores are those of the record, bit by bit.
 * @errors those of openRun, loadWeights, openDataset and evaluate
 */
export async function evaluateRun({ record, row }: OpenedRun, options: EvaluateRunOptions): Promise<Evaluation> {
  const { manifest, folder, logs } = record
  const { engine, progress, signal, plugins } = options
  const predictor = options.predictor ?? row.recipe.predictor
  const finished = chooseLogs(logs, options.seed, folder)
  const dataset = await describeRow(row, options).openDataset(options)
  const seeds: SeedEvaluation[] = []
  try {
    for (const log of finished) {
      const { seed, end, epochs } = log
      const { weights } = options
      const given = { dataset, plugins, weights, progress, signal }
      const evaluated = await withSeedModel({ record, row }, log, given, (opened) =>
        scoreRow(opened, { predictor, end: epochs.at(-1)! }),
      )
      const recorded = options.predictor === undefined ? end!.result : epochs.at(-1)!.valid
      seeds.push({ seed, recorded, evaluated, equal: sameScores(recorded, evaluated) })
    }
  } finally {
    dataset.dispose?.()
  }
  const names = [...new Set(seeds.flatMap(({ evaluated }) => Object.keys(evaluated)))]
  return {
    table: manifest.table,
    row: manifest.row,
    run: folder,
    predictor: predictor ?? null,
    engine: engine.name,
    precision: engine.precision,
    differences: describeDifferences(record.manifest, engine, dataset.digest),
    seeds,
    formats: Object.fromEntries(names.map((name) => [name, metricOf(manifest, name).format])),
  }
}

const sameScores = (a: Scores, b: Scores) => Object.keys({ ...a, ...b }).every((name) => Object.is(a[name], b[name]))

/** What may change bits, as the manifest says it and as it is now. */
function describeDifferences({ engine, environment, dataset }: Manifest, now: Engine, digest: string): string[] {
  const pairs: [string, string | number, string | number][] = [
    ['engine', `${engine.name} ${engine.version} ${engine.precision}`, `${now.name} ${now.version} ${now.precision}`],
    ['device', engine.device, now.device],
    ['threads', engine.threads, now.threads],
    ['engine details', engine.details, now.details],
    ['TensorFlow.js', environment.tfjs, tf.version_core],
    ['dataset', dataset.digest.slice(0, 12), digest.slice(0, 12)],
  ]
  return pairs.flatMap(([what, then, here]) => (then === here ? [] : [`${what}: ${then} then, ${here} now`]))
}
