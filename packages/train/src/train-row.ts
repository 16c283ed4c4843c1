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
  const { callbacks = () => [], through = (source) => source, onStop } = options
  const job = `${row.name} seed ${opened.seed}`
  const history: EpochScores[] = []
  let { from } = options
  let learner: Learner | undefined
  const watch: ProgressSink = (event) => {
    if (event.kind === 'epoch') history.push({ train: event.train, valid: event.valid })
    progress(event)
  }
  const own = [...callbacks(() => learner!.snapshot()), bindMeter(job, watch, stages)]
  // A stage begins where the one before it ended, which a callback may have made sooner than planned.
  let end: TrainingEnd | undefined
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
    return { ...result!, ...views, history, end: end! }
  } finally {
    learner?.dispose()
  }
}

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
