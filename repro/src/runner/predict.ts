import {
  type BoundCallback,
  createRegistry,
  createRng,
  evaluate,
  type Model,
  type NormalUse,
  type Plugin,
  type Scores,
} from '@tricklab/core'
import type { Limits } from '../record/types.ts'
import { createStageLearner, type LearnerServices, type OpenStage, openViews } from './learner.ts'

/** What is scored, and how. */
export interface PredictOptions {
  readonly seed: number
  readonly limits: Limits
  /** Undefined: the plain scores, as those of an epoch. */
  readonly predictor: NormalUse | undefined
  /** Where the predictor comes from; default: the plugins of the row. */
  readonly plugins?: readonly Plugin[]
}

/**
 * Scores of the validation split of a stage, the last one of a row, with the weights of the model. The callbacks are
 * those of the recipe, made anew.
 * @errors all of `evaluate`
 */
export async function predict(
  stage: OpenStage,
  model: Model,
  { seed, limits, predictor: use, plugins = stage.row.table.plugins }: PredictOptions,
  services: LearnerServices,
): Promise<Scores> {
  const rng = createRng(seed)
  const learner = createStageLearner(stage, model, seed, services, [createProgress(stage, seed, use, services)])
  const views = use === undefined ? undefined : await openViews(stage, limits, services.dataset, rng)
  try {
    if (use === undefined || views === undefined) return await evaluate(learner)
    const predictor = createRegistry(plugins, { rng }).create('predictor', use, {})
    return await evaluate(learner, { predictor, read: (view) => views.read('train', view, 0) })
  } finally {
    learner.dispose()
    await views?.dispose?.()
  }
}

function createProgress(
  { row, source }: OpenStage,
  seed: number,
  predictor: NormalUse | undefined,
  { progress }: LearnerServices,
): BoundCallback {
  const what = `${row.name} seed ${seed}${predictor === undefined ? '' : `, ${predictor.use}`}`
  const total = source.batches('valid')
  const callback: BoundCallback['callback'] = {
    afterBatch: ({ index }) => progress({ kind: 'data', what, done: index + 1, total }),
  }
  return { name: 'progress', stage: 'log', callback }
}
