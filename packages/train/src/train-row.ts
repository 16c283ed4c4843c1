import type { Json } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import {
  type BoundCallback,
  type EpochScores,
  type FitStart,
  fit,
  type Learner,
  type Snapshot,
  stageOf,
  startOf,
  type TrainingEnd,
} from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import type { NormalizedBatchSource } from '@tricklab/data'
import { type BindOptions, bindTrackers, type TrackedRun, type Tracker } from '@tricklab/trackers'
import { bindMeter } from './meter.ts'
import type { OpenedRow } from './open-row.ts'
import type { ProgressSink } from './progress.ts'
import { scoreRow } from './score-row.ts'
import type { OpenStage } from './stages.ts'

/** A training that a callback ended, or one of its stages: the last epoch, and why. */
export interface EarlyEnd extends TrainingEnd {
  readonly reason: string
}

export interface TrainRowOptions {
  /** Callbacks beside those of the recipe. `snapshot` gives the state of the training between two of its steps. */
  readonly callbacks?: (snapshot: () => Snapshot) => readonly BoundCallback[]
  /** State to go on from; its tensors are disposed of. */
  readonly from?: Snapshot | undefined
  /** What the batches of a stage are read through. */
  readonly through?: (source: NormalizedBatchSource) => NormalizedBatchSource
  /** Told of every step and epoch; whatever becomes of them, the training goes on. */
  readonly trackers?: readonly Tracker[]
  /** Told when a callback has ended a stage. */
  readonly onStop?: (end: EarlyEnd) => void
}

/** What a training came to. The model of the opened row is left with the weights that were scored. */
export interface TrainedRow {
  /** Validation scores of the last epoch, or those of the predictor where the row has one. */
  readonly scores: Scores
  /** Scores of every epoch that was trained now, over all stages. */
  readonly history: readonly EpochScores[]
  readonly end: TrainingEnd
  /** Why a callback ended the training, or its last stage; absent: it went to its planned end. */
  readonly stopped?: string
  /** The callback whose weights were scored, in the place of those that were trained. */
  readonly weightsOf?: string
}

/**
 * Trains an opened row to the end, stage by stage, and scores it as its recipe says.
 * @errors all of `fit`, E_CHECKPOINT_MISMATCH
 */
export async function trainRow(opened: OpenedRow, options: TrainRowOptions = {}): Promise<TrainedRow> {
  const { progress, row, stages } = opened
  const { callbacks = () => [], through = (source) => source, trackers = [], onStop } = options
  const job = `${row.name} seed ${opened.seed}`
  const history: EpochScores[] = []
  let { from } = options
  let learner: Learner | undefined
  const watch: ProgressSink = (event) => {
    if (event.kind === 'epoch') history.push({ train: event.train, valid: event.valid })
    progress(event)
  }
  const tracking = trackers.length === 0 ? undefined : bindTrackers(trackers, describeRun(opened), services(opened))
  const own = [
    ...callbacks(() => learner!.snapshot()),
    bindMeter(job, watch, stages),
    ...(tracking === undefined ? [] : [tracking.bound]),
  ]
  // A stage begins where the one before it ended, which a callback may have made sooner than planned.
  let end: TrainingEnd | undefined
  let finished = false
  let result: Pick<TrainedRow, 'scores' | 'stopped' | 'weightsOf'> | undefined
  try {
    for (const stage of stages.slice(from === undefined ? 0 : stageOf(from))) {
      learner?.dispose()
      learner = opened.learner(
        { ...stage, source: through(stage.source), start: beginning(stage, end, from) },
        { callbacks: own },
      )
      if (from !== undefined) {
        await learner.restore(from)
        tf.dispose(Object.values(from.tensors))
        from = undefined
      }
      const { train: _train, valid, ...rest } = await fit(learner, { followed: stage !== stages.at(-1) })
      end = { epoch: learner.position.epoch - 1, step: learner.position.step }
      result = { scores: valid, ...rest }
      if (rest.stopped === undefined) continue
      onStop?.({ ...end, reason: rest.stopped })
      progress({ kind: 'notice', message: `${job}: ended in epoch ${end.epoch + 1}. ${rest.stopped}.` })
    }
    const { predictor } = row.recipe
    const views = predictor && { scores: await scoreRow(opened, { predictor, end }) }
    progress({ kind: 'done', job })
    finished = true
    return { ...result!, ...views, history, end: end! }
  } finally {
    learner?.dispose()
    await tracking?.end(finished ? 'finished' : 'stopped')
  }
}

/** What trackers are told of the training. */
const describeRun = ({ row, seed }: OpenedRow): TrackedRun => ({
  table: row.table.id,
  row: row.name,
  seed,
  recipeHash: row.hash,
  recipe: row.recipe as unknown as Json,
  scores: row.metrics.map(({ name }) => name),
})

const services = ({ stages, progress }: OpenedRow): BindOptions => ({
  normalization: stages[0].source.normalization,
  onNotice: (message) => progress({ kind: 'notice', message }),
})

/** Where a stage begins, which only its place in the training and the end of the one before decide. */
function beginning(
  { start }: OpenStage,
  end: TrainingEnd | undefined,
  snapshot: Snapshot | undefined,
): FitStart | undefined {
  if (start === undefined) return undefined
  if (snapshot !== undefined) return startOf(snapshot) ?? start
  return end === undefined ? start : { ...start, epoch: end.epoch + 1, step: end.step }
}
