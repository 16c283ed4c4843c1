import { fail, type Metric } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import type { NormalUse, Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import type { Normalization } from '@tricklab/data'
import { describeRow, type OpenedRow, type ProgressSink, scoreRow } from '@tricklab/train'
import type { OpenedRun } from '../evaluation/open-run.ts'
import { withSeedModel } from '../evaluation/seed-model.ts'
import { chooseLogs } from '../evaluation/trained-model.ts'
import { type Analysis, analyse, type Mistake, type ScoredSample } from './analyse.ts'

/** A sample with a great loss, and the image as the network got it. */
export interface ShownMistake extends Mistake {
  /** Null where the dataset has no files. */
  readonly file: string | null
  /** `[height, width, channels]`, normalised. */
  readonly values: Float32Array
}

/** What a run knows and where it errs, of one seed. */
export interface Interpretation extends Omit<Analysis, 'worst'> {
  readonly table: string
  readonly row: string
  readonly title: string
  readonly seed: number
  readonly predictor: NormalUse | null
  readonly scores: Scores
  readonly recorded: Scores
  readonly normalization: Normalization
  readonly imageShape: readonly number[]
  readonly worst: readonly ShownMistake[]
}

export interface InterpretOptions {
  /** Undefined: the first that is done. */
  readonly seed: number | undefined
  /** How many of the worst samples. */
  readonly worst: number
  /** Undefined: as the row scores. */
  readonly predictor: NormalUse | undefined
  readonly plugins: readonly Plugin[]
  readonly dataPaths: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/**
 * Scores the validation split of a run as `evaluateRun` does, and says class by class what came out.
 * @errors those of openRun, loadWeights, openDataset and evaluate
 */
export async function interpretRun(opened: OpenedRun, options: InterpretOptions): Promise<Interpretation> {
  const { row, record } = opened
  const { manifest, folder, logs } = record
  const { progress, signal, plugins } = options
  const predictor = options.predictor ?? row.recipe.predictor
  const log = chooseLogs(logs, options.seed, folder)[0]!
  const { seed } = log
  const dataset = await describeRow(row, options).openDataset(options)
  try {
    return await withSeedModel(opened, log, { dataset, plugins, progress, signal }, async (model) => {
      const samples: ScoredSample[] = []
      const metrics = [gather(samples)]
      const end = log.epochs.at(-1)!
      const { [gathered]: _count, ...scores } = await scoreRow(model, { predictor, metrics, end })
      const { source } = model.stages.at(-1)!
      const { worst, ...analysis } = analyse(samples, source.classes, options.worst)
      return {
        table: manifest.table,
        row: manifest.row,
        title: manifest.title,
        seed,
        predictor: predictor ?? null,
        scores,
        recorded: options.predictor === undefined ? log.end!.result : log.epochs.at(-1)!.valid,
        normalization: source.normalization,
        imageShape: source.imageShape,
        ...analysis,
        worst: await showAll(worst, model),
      }
    })
  } finally {
    dataset.dispose?.()
  }
}

const gathered = 'gathered samples'

/** A metric that keeps what every sample was scored: it sees what the metrics of the row see. */
function gather(samples: ScoredSample[]): Metric {
  return {
    name: gathered,
    better: 'higher',
    async update(scores, targets) {
      const [logarithms, labels] = tf.tidy(() => [tf.logSoftmax(scores), tf.argMax(targets, 1)] as const)
      const [values, truths] = await Promise.all([logarithms!.data(), labels!.data()])
      tf.dispose([logarithms, labels])
      const width = scores.shape[1]
      for (const [index, truth] of [...truths].entries()) {
        samples.push({ truth, logProbabilities: values.slice(index * width, (index + 1) * width) })
      }
    },
    compute: () => samples.length,
    reset: () => {
      samples.length = 0
    },
    state: () => fail('E_INTERNAL', { what: 'An interpretation does not stop half way.' }),
    restore: () => {},
  }
}

/** The images of samples, and the files that they are of. */
async function showAll(worst: readonly Mistake[], { stages, splitOf }: OpenedRow) {
  const stage = stages.at(-1)!
  const { row, source } = stage
  const { batchSize } = row.recipe
  const own = splitOf(stage)
  // A limit takes photos at equal distances.
  const place = (index: number) => Math.floor((index * own.size('valid')) / source.samples('valid'))
  const shown: ShownMistake[] = []
  for (const mistake of worst) {
    for await (const { images, targets } of source.read('valid', 0, Math.floor(mistake.index / batchSize))) {
      const image = tf.tidy(() => tf.gather(images, [mistake.index % batchSize]))
      const values = (await image.data()) as Float32Array
      tf.dispose([images, targets, image])
      shown.push({ ...mistake, file: own.photo?.('valid', place(mistake.index)).path ?? null, values })
      break
    }
  }
  return shown
}
