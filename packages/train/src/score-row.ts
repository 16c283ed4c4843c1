import type { Metric } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import { evaluate, type TrainingEnd } from '@tricklab/core/loop'
import type { NormalUse } from '@tricklab/core/plugin'
import { bindMeter } from './meter.ts'
import type { OpenedRow } from './open-row.ts'

/** How a row is scored. */
export interface ScoreOptions {
  /** Undefined: the plain scores, as those of an epoch. */
  readonly predictor?: NormalUse | undefined
  /** Where the training ended; default: where it was planned to. */
  readonly end?: TrainingEnd | undefined
  /** Metrics beside those of the row, such as one that looks at every sample. */
  readonly metrics?: readonly Metric[]
}

/**
 * Scores of the validation split of a row's last stage, with the weights of its model. The callbacks are those of the
 * recipe, made anew.
 * @errors all of `evaluate`
 */
export async function scoreRow(
  opened: OpenedRow,
  { predictor: use, end, metrics = [] }: ScoreOptions,
): Promise<Scores> {
  const { registry, progress, row, seed, stages } = opened
  const stage = stages.at(-1)!
  const job = `${row.name} seed ${seed}${use === undefined ? '' : `, ${use.use}`}`
  const learner = opened.learner(stage, { callbacks: [bindMeter(job, progress, stages)], metrics })
  const views = use === undefined ? undefined : await opened.openViews(stage)
  try {
    if (use === undefined || views === undefined) return await evaluate(learner, undefined, end)
    const predictor = registry.create('predictor', use, {})
    return await evaluate(learner, { predictor, read: (view) => views.read('train', view, 0) }, end)
  } finally {
    progress({ kind: 'done', job })
    learner.dispose()
    await views?.dispose?.()
  }
}
