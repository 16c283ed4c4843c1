import { undrawn } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import { summarize } from '@tricklab/nn'
import { describeRow, type OpenOptions, openModel } from '@tricklab/train'

/** The size of a model. */
export interface Work {
  readonly params: number
  /** Multiply-accumulates of one image. */
  readonly macs: number
}

/**
 * Parameters and multiply-accumulates of a row's model.
 * @errors E_DATASET_* where only the data tell the shape of the images
 */
export async function countWork(row: Row, options: OpenOptions): Promise<Work> {
  const { stages, knownInput, createModel } = describeRow(row, options)
  const known = knownInput(stages[0])
  const model = known === undefined ? (await openModel(row, options)).model : createModel(known, undrawn)
  const { params, macs } = summarize(model)
  model.dispose()
  return { params, macs }
}
