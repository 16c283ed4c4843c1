import type { Dataset } from '@tricklab/core'
import type { BoundCallback } from '@tricklab/core/loop'
import type { Registry } from '@tricklab/core/plugin'
import { conflictsOf, type Row } from '@tricklab/core/recipe'
import { type DatasetServices, describeRow, type HookOrder } from './describe-row.ts'
import { applyLimits, type Limits, type SplitSizes } from './limits.ts'
import { disposeStages, openStages } from './stages.ts'

export interface SurveyOptions extends DatasetServices {
  readonly limits: Limits
  /** Callbacks beside those of the recipe, as far as the order of hooks goes. */
  readonly harness: readonly BoundCallback[]
}

/** A row and its data, before any seed of it is trained: what a record says of both. */
export interface SurveyedRow {
  readonly row: Row
  /** Open for whoever trains the seeds; the caller disposes of it. */
  readonly dataset: Dataset
  readonly plugins: Registry['plugins']
  readonly hooks: HookOrder
  /** Those of the limits that shorten the row. */
  readonly limits: Limits
  /** Images that training and validation use. */
  readonly sizes: SplitSizes
}

/**
 * Opens the data of a row and says what all its seeds share. What leaves no seed a batch to train is refused.
 * @errors those of its plugins and dataset, E_EVALUATION_WEIGHTS; E_OPTION_RANGE where a metric says nothing about so few
 * classes, or no batch is left
 */
export async function surveyRow(row: Row, options: SurveyOptions): Promise<SurveyedRow> {
  const { progress } = options
  const described = describeRow(row, { progress })
  for (const conflict of conflictsOf(row.recipe, described.registry)) {
    progress({ kind: 'notice', message: `${row.name}: ${conflict}` })
  }
  const dataset = await described.openDataset(options)
  try {
    const hooks = described.hookOrder(dataset.classes, options.harness)
    const { limits, sizes } = applyLimits(row, options.limits, dataset)
    await disposeStages(await openStages(described, { ...described, dataset, limits, progress }))
    return { row, dataset, plugins: described.registry.plugins, hooks, limits, sizes }
  } catch (error) {
    dataset.dispose?.()
    throw error
  }
}
