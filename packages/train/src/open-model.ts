import type { Model } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import { checkStages } from './checks.ts'
import { type DescribedRow, describeRow, type KnownInput } from './describe-row.ts'
import type { OpenOptions } from './open-row.ts'
import { disposeStages, openStages } from './stages.ts'

/** The network of a row, apart from its training. */
export interface OpenedModel extends DescribedRow {
  readonly model: Model
  /** What it is fed, stage by stage. */
  readonly inputs: readonly [KnownInput, ...KnownInput[]]
}

export interface ModelOptions extends OpenOptions {
  /** Also where nothing but the normalisation is unknown, the data are opened to measure it. */
  readonly normalized?: boolean
}

/**
 * Builds the network of a row for whoever does not train it. The data are opened only where they alone tell classes or sizes.
 * @param options.weights default: those that the seed draws
 * @errors those of its plugins and weights, E_SHAPE; those of its dataset, where it is opened
 */
export async function openModel(row: Row, options: ModelOptions = {}): Promise<OpenedModel> {
  const described = describeRow(row, options)
  const inputs = await findInputs(described, options)
  const model = described.createModel(inputs[0])
  try {
    checkStages(
      model,
      inputs.map((source) => ({ source })),
    )
    await options.weights?.(model)
    return { ...described, inputs, model }
  } catch (error) {
    model.dispose()
    throw error
  }
}

async function findInputs(described: DescribedRow, options: ModelOptions): Promise<OpenedModel['inputs']> {
  const { normalized = false } = options
  const known = described.stages.map(described.knownInput)
  const suffices = (input?: KnownInput) => input !== undefined && (!normalized || input.normalization !== undefined)
  if (known.every(suffices)) return known as unknown as OpenedModel['inputs']
  const { dataPaths = [], progress = () => {}, signal, limits = {} } = options
  const dataset = options.dataset ?? (await described.openDataset({ dataPaths, progress, signal }))
  try {
    const stages = await openStages(described, { ...described, dataset, limits, progress })
    await disposeStages(stages)
    return stages.map(({ source: { imageShape, classes, normalization } }) => ({
      imageShape,
      classes,
      normalization,
    })) as unknown as OpenedModel['inputs']
  } finally {
    if (options.dataset === undefined) dataset.dispose?.()
  }
}
