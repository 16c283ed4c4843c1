import {
  canonicalJson,
  type Dataset,
  fail,
  type Json,
  type Model,
  type Rng,
  type Row,
  type Shape,
} from '@tricklab/core'
import type { ProgressSink } from '../progress.ts'
import type { Limits } from '../record/types.ts'
import { type OpenStage, openSource, shortened, stageRows } from './learner.ts'

export type OpenStages = readonly [OpenStage, ...OpenStage[]]

/**
 * Opens the batches of all stages, so that where each begins is known, and what does not fit is told, before anything is
 * trained. The caller disposes of the sources.
 */
export async function openStages(
  row: Row,
  limits: Limits,
  dataset: Dataset,
  rng: Rng,
  progress?: ProgressSink,
): Promise<OpenStages> {
  const staged = row.recipe.stages !== undefined
  const stages: OpenStage[] = []
  let [epoch, step, split, before] = [0, 0, 0, '']
  try {
    for (const [stage, stageRow] of stageRows(row).entries()) {
      const batches = batchesOf(stageRow)
      if (batches !== before) split = stage
      before = batches
      const source = await openSource(stageRow, limits, dataset, rng, { stage: split, progress })
      const epochs = shortened(stageRow, limits)
      stages.push({ row: stageRow, source, split, epochs, start: staged ? { stage, epoch, step } : undefined })
      epoch += epochs
      step += epochs * source.batches('train')
    }
  } catch (error) {
    await disposeStages(stages)
    throw error
  }
  return stages as unknown as OpenStages
}

/** What makes the batches of a stage. A random split is drawn anew only with them, as fastai does with its loaders. */
const batchesOf = ({ recipe: { data, batchSize } }: Row): string =>
  canonicalJson({ data, batchSize } as unknown as Json)

export async function disposeStages(stages: readonly OpenStage[]): Promise<void> {
  for (const { source } of stages) await source.dispose?.()
}

/** Every stage must feed the one model. @errors E_SHAPE naming the stage, or the layer that its images cannot pass */
export function checkStages(model: Model, stages: readonly OpenStage[]): void {
  for (const [index, { source }] of stages.entries()) {
    const { imageShape } = source
    // Walks along the layers, each of which refuses what it cannot take.
    model.macs(imageShape)
    const last = model.layers.reduce<Shape>((shape, { block }) => block.outputShape(shape), imageShape)
    if (last.join() === [1, 1, model.classes].join()) continue
    fail('E_SHAPE', {
      what: `The images of stage ${index + 1} do not end as one score a class.`,
      expected: `[1, 1, ${model.classes}] after the last layer.`,
      received: `[${last.join(', ')}] from images of [${imageShape.join(', ')}].`,
      fix: 'use a model that ends in a global pooling, or one image size in all stages.',
    })
  }
}
