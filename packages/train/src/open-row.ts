import type { Dataset, Model } from '@tricklab/core'
import type { BoundCallback, Learner } from '@tricklab/core/loop'
import type { Plugin } from '@tricklab/core/plugin'
import type { Row } from '@tricklab/core/recipe'
import type { NormalizedBatchSource } from '@tricklab/data'
import { openBatches, openViews } from './batches.ts'
import { checkLastBatch, checkParamGroups, checkStages } from './checks.ts'
import { type DescribedRow, describeRow } from './describe-row.ts'
import { bindRecipeCallbacks, createStageLearner, type LearnerOptions } from './learner.ts'
import type { Limits } from './limits.ts'
import type { ProgressSink } from './progress.ts'
import { splitDataset } from './split-dataset.ts'
import { disposeStages, type OpenStage, type OpenStages, openStages } from './stages.ts'
import { giveStartWeights } from './start-weights.ts'

export interface OpenOptions {
  /** Default: the first seed of the row. */
  readonly seed?: number | undefined
  /** The dataset of the row, where it is open already; it stays the caller's. */
  readonly dataset?: Dataset | undefined
  /** Folders or archives that are searched before anything is downloaded. */
  readonly dataPaths?: readonly string[] | undefined
  readonly limits?: Limits | undefined
  /** Told what happens, what plugins log included; default: nobody. */
  readonly progress?: ProgressSink | undefined
  /** Ends the opening, and asks what is trained or scored later to stop after the step at hand. */
  readonly signal?: AbortSignal | undefined
  /** Plugins beside the table's; one that is named like one of the table's takes its place. */
  readonly plugins?: readonly Plugin[] | undefined
  /** Gives the model its weights; default: those that the recipe begins with. */
  readonly weights?: ((model: Model) => Promise<void>) | undefined
}

/** A row that is ready to be trained or scored: everything that one seed of it needs, made once. */
export interface OpenedRow extends Omit<DescribedRow, 'stages'> {
  readonly dataset: Dataset
  readonly limits: Limits
  readonly stages: OpenStages
  readonly model: Model
  readonly progress: ProgressSink
  readonly signal: AbortSignal | undefined
  /** Builds the loop of a stage around the model; the stage may be one of `stages` with another source or length. */
  learner(stage: Omit<OpenStage, 'split'>, options?: LearnerOptions): Learner
  /** The callbacks that the recipe of a stage names, made anew for its batches. */
  callbacks(stage: Pick<OpenStage, 'row' | 'source'>): BoundCallback[]
  /** Opens further batches of the data, of a stage that was changed: one image a batch, for example. They are the caller's. */
  openBatches(stage: Row, split?: number): Promise<NormalizedBatchSource>
  /** Opens random views of the validation images of a stage. They are the caller's. */
  openViews(stage: OpenStage): Promise<NormalizedBatchSource>
  /** The dataset as a stage splits it. */
  splitOf(stage: Pick<OpenStage, 'row' | 'split'>): Dataset
  /** Hands the model over: it is the caller's, and stays when the row is disposed of. */
  releaseModel(): Model
  dispose(): Promise<void>
}

/**
 * Opens a row for one seed: its plugins are registered once, its dataset and the batches of all its stages are opened, its
 * model is built. What cannot be trained is refused here, before the first step, whatever the row is opened for.
 * @errors those of its dataset, plugins and weights; E_SHAPE, E_PARAMS, E_EVALUATION_WEIGHTS, E_RECIPE
 */
export async function openRow(row: Row, options: OpenOptions = {}): Promise<OpenedRow> {
  const { seed, plugins, dataPaths = [], limits = {}, progress = () => {}, signal } = options
  const described = describeRow(row, { seed, plugins, progress })
  const undo: (() => unknown)[] = []
  const dispose = async () => {
    for (const one of undo.splice(0).reverse()) await one()
  }
  try {
    const dataset = options.dataset ?? (await described.openDataset({ dataPaths, progress, signal }))
    if (options.dataset === undefined) undo.push(() => dataset.dispose?.())
    const services = { ...described, dataset, limits, progress }
    const stages = await openStages(described, services)
    undo.push(() => disposeStages(stages))
    const model = described.createModel(stages[0].source)
    let released = false
    undo.push(() => released || model.dispose())
    await (options.weights ?? ((own) => giveStartWeights(own, row)))(model)
    const opened: OpenedRow = {
      ...services,
      stages,
      model,
      signal,
      learner: (stage, given) => createStageLearner(stage, { ...described, model }, { signal, ...given }),
      callbacks: (stage) => bindRecipeCallbacks(stage.row, described.registry, stage.source),
      openBatches: (stage, split) => openBatches(stage, services, split),
      openViews: (stage) => openViews(stage, services),
      splitOf: ({ row: stage, split }) => splitDataset(stage, dataset, described.rng, split),
      releaseModel() {
        released = true
        return model
      },
      dispose,
    }
    await refuseUntrainable(opened)
    return opened
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Everything that can be known to fail without a step. */
async function refuseUntrainable(opened: OpenedRow): Promise<void> {
  const { model, stages } = opened
  checkStages(model, stages)
  checkParamGroups(model, stages)
  checkLastBatch(model, stages)
  // What the parts of a stage refuse, they refuse when they are made: two declarations of evaluation weights, for example.
  for (const stage of stages) {
    const learner = opened.learner(stage)
    learner.dispose()
    await learner.hooks.cleanup()
  }
}
