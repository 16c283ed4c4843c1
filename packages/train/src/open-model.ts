import type { Model, Row } from '@tricklab/core'
import { checkStages } from './checks.ts'
import { type DescribedRow, describeRow, type KnownInput } from './describe-row.ts'
import type { OpenOptions } from './open-row.ts'
import { disposeStages, openStages } from './stages.ts'

/** What the network of a row is fed, its normalisation known. */
export interface NetworkInput extends KnownInput {
  readonly normalization: NonNullable<KnownInput['normalization']>
}

/** The network of a row, apart from its training. */
export interface OpenedModel extends DescribedRow {
  readonly model: Model
  /** What it is fed, stage by stage. */
  readonly inputs: readonly [NetworkInput, ...NetworkInput[]]
}

/**
 * Builds the network of a row for whoever does not train it. The data are opened only where images decide what it is fed.
 * @param options.weights default: those that the seed draws
 * @errors those of its plugins and weights, E_SHAPE; those of its dataset, where it is opened
 */
export async function openModel(row: Row, options: OpenOptions = {}): Promise<OpenedModel> {
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

async function findInputs(described: DescribedRow, options: OpenOptions): Promise<OpenedModel['inputs']> {
  const known = described.stages.map(described.knownInput)
  if (known.every((input) => input?.normalization !== undefined)) return known as unknown as OpenedModel['inputs']
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
