import { canonicalJson, type Json } from '@tricklab/core'
import type { FitStart } from '@tricklab/core/loop'
import type { Row } from '@tricklab/core/recipe'
import type { NormalizedBatchSource } from '@tricklab/data'
import { type BatchServices, openBatches } from './batches.ts'
import { shortened } from './limits.ts'

/** What is trained in one go: a row without stages, or one stage as if it were a row. */
export interface OpenStage {
  readonly row: Row
  readonly source: NormalizedBatchSource
  /** Key of a random split: the first stage with the same data. */
  readonly split: number
  readonly epochs: number
  /** Where the stage is planned to begin. Undefined where the row has no stages. */
  readonly start: FitStart | undefined
}

export type OpenStages = readonly [OpenStage, ...OpenStage[]]

/**
 * Opens the batches of all stages, so that where each begins is known, and what does not fit is told, before anything is
 * trained. The caller disposes of the sources.
 */
export async function openStages(
  { row, stages: rows }: { readonly row: Row; readonly stages: readonly Row[] },
  services: BatchServices,
): Promise<OpenStages> {
  const staged = row.recipe.stages !== undefined
  const stages: OpenStage[] = []
  let [epoch, step, split, before] = [0, 0, 0, '']
  try {
    for (const [stage, stageRow] of rows.entries()) {
      const batches = batchesOf(stageRow)
      if (batches !== before) split = stage
      before = batches
      const source = await openBatches(stageRow, services, split)
      const epochs = shortened(stageRow, services.limits)
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
