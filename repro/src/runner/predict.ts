import {
  createRegistry,
  createRng,
  evaluate,
  type Metric,
  type Model,
  type NormalUse,
  type Plugin,
  type Scores,
  type TrainingEnd,
} from '@tricklab/core'
import { createMeter } from '../callbacks/meter.ts'
import type { Limits } from '../record/types.ts'
import { createStageLearner, type LearnerServices, openViews } from './learner.ts'
import type { OpenStages } from './stages.ts'

/** What is scored, and how. */
export interface PredictOptions {
  readonly seed: number
  readonly limits: Limits
  /** Undefined: the plain scores, as those of an epoch. */
  readonly predictor: NormalUse | undefined
  /** Where the predictor comes from; default: the plugins of the row. */
  readonly plugins?: readonly Plugin[]
  /** Where the training ended; default: where it was planned to. */
  readonly end?: TrainingEnd
  /** Metrics beside those of the row, such as one that looks at every sample. */
  readonly metrics?: readonly Metric[]
}

/**
 * Scores of the validation split of a row's last stage, with the weights of the model. The callbacks are those of the
 * recipe, made anew.
 * @errors all of `evaluate`
 */
export async function predict(
  stages: OpenStages,
  model: Model,
  { seed, limits, predictor: use, plugins, metrics, end }: PredictOptions,
  services: LearnerServices,
): Promise<Scores> {
  const rng = createRng(seed)
  const stage = stages.at(-1)!
  const job = `${stage.row.name} seed ${seed}${use === undefined ? '' : `, ${use.use}`}`
  const meter = createMeter(job, services.progress, stages)
  const learner = createStageLearner(
    stage,
    model,
    seed,
    services,
    [{ name: 'meter', stage: 'log', callback: meter }],
    metrics,
  )
  const views = use === undefined ? undefined : await openViews(stage, limits, services.dataset, rng, services.progress)
  try {
    if (use === undefined || views === undefined) return await evaluate(learner, undefined, end)
    const predictor = createRegistry(plugins ?? stage.row.table.plugins, { rng }).create('predictor', use, {})
    return await evaluate(learner, { predictor, read: (view) => views.read('train', view, 0) }, end)
  } finally {
    services.progress({ kind: 'done', job })
    learner.dispose()
    await views?.dispose?.()
  }
}
