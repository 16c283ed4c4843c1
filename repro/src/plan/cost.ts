import { type Shape, undrawn } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import { epochSize, type NormalRecipe, type Row } from '@tricklab/core/recipe'
import { applyLimits, type DatasetServices, type DescribedRow, describeRow, openBatches } from '@tricklab/train'
import { datasetFacts } from '../check/current-row.ts'

/** What training one seed of a row takes, whatever trains it. */
export interface RowCost {
  /** Multiply-accumulates of one training image, forward; of a row with stages those of the largest. */
  readonly macs: number
  /** Updates of the weights. */
  readonly steps: number
  /** Images that training goes through. */
  readonly trainImages: number
  /** Images that validation goes through, the views of a predictor included. */
  readonly validImages: number
  /** Multiply-accumulates of one seed, forward and backward. */
  readonly work: number
}

/** A backward pass multiplies twice for every multiplication of the forward one: by the weights, and by the inputs. */
export const passesOfTraining = 3

interface Sizes {
  readonly classes: number
  readonly train: number
  readonly valid: number
}

interface Shapes {
  readonly train: Shape
  readonly valid: Shape
}

/** Counts what rows take; networks that several rows share are built once. */
export function createCostCounter(options: DatasetServices) {
  const counted = new Map<string, number>()

  const macsOf = ({ row, createModel }: DescribedRow, imageShape: Shape, count: number): number => {
    const key = hashJson([row.recipe.model as never, [...imageShape], count])
    const known = counted.get(key)
    if (known !== undefined) return known
    const classes = Array.from({ length: count }, (_, index) => `class ${index}`)
    const model = createModel({ imageShape, classes }, undrawn)
    const macs = model.macs(imageShape)
    model.dispose()
    counted.set(key, macs)
    return macs
  }

  /** @errors those of the dataset, where only the data tell how large they are */
  return async function costOf(row: Row): Promise<RowCost> {
    const described = describeRow(row)
    const { sizes, shapes } = knownOf(described) ?? (await openedOf(described, options))
    const stages = described.stages.map(({ recipe }, index) => {
      const { train, valid } = shapes[index]!
      const visited = epochSize(recipe.data, sizes.train, described.registry)
      return stageCost(
        recipe,
        { train: visited, valid: sizes.valid },
        {
          train: macsOf(described, train, sizes.classes),
          valid: macsOf(described, valid, sizes.classes),
        },
      )
    })
    const sum = (key: Exclude<keyof RowCost, 'macs'>) => stages.reduce((total, stage) => total + stage[key], 0)
    const last = shapes.at(-1)!
    const views = viewsOf(described) * sizes.valid
    return {
      macs: Math.max(...stages.map(({ macs }) => macs)),
      steps: sum('steps'),
      trainImages: sum('trainImages'),
      validImages: sum('validImages') + views,
      work: sum('work') + views * macsOf(described, last.valid, sizes.classes),
    }
  }
}

/** One stage: the last batch is left out or small, accumulated batches make one step, every epoch ends with a validation. */
export function stageCost(
  {
    epochs,
    batchSize,
    accumulate = 1,
    data: { dropLast },
  }: Pick<NormalRecipe, 'epochs' | 'batchSize' | 'accumulate'> & {
    readonly data: Pick<NormalRecipe['data'], 'dropLast'>
  },
  { train, valid }: Omit<Sizes, 'classes'>,
  macs: { readonly train: number; readonly valid: number },
): RowCost {
  const batches = dropLast ? Math.floor(train / batchSize) : Math.ceil(train / batchSize)
  const trainImages = epochs * (dropLast ? batches * batchSize : train)
  const validImages = epochs * valid
  return {
    macs: macs.train,
    steps: epochs * Math.ceil(batches / accumulate),
    trainImages,
    validImages,
    work: passesOfTraining * trainImages * macs.train + validImages * macs.valid,
  }
}

/** Passes over the validation images that a predictor adds: the plain one and its views. */
function viewsOf({ row: { recipe }, registry }: DescribedRow): number {
  return recipe.predictor === undefined ? 0 : 1 + registry.create('predictor', recipe.predictor, {}).views
}

/** What recipe and dataset say without a single image. */
function knownOf(described: DescribedRow): { sizes: Sizes; shapes: readonly Shapes[] } | undefined {
  const { row, registry, stages, knownInput } = described
  const facts = datasetFacts(row.recipe, registry)
  const shapes = stages.flatMap((stage) => {
    const known = knownInput(stage)
    return known === undefined ? [] : [shapesOf(stage, known.imageShape, described)]
  })
  if (facts?.contents === undefined || facts.classes === undefined) return undefined
  if (shapes.length < stages.length) return undefined
  const { train, valid } = facts.contents
  return { sizes: { classes: facts.classes.length, train, valid }, shapes }
}

/** The same from the data, where a dataset says nothing of itself before it is opened. */
async function openedOf(described: DescribedRow, options: DatasetServices) {
  const { row, stages } = described
  const dataset = await described.openDataset(options)
  try {
    const shapes: Shapes[] = []
    for (const stage of stages) {
      // A row without one whole batch cannot be trained, but counted.
      const data = { ...stage.recipe.data, dropLast: false }
      const counted = { ...stage, recipe: { ...stage.recipe, data } }
      const source = await openBatches(counted, { ...described, dataset, limits: {}, progress: options.progress })
      shapes.push(shapesOf(stage, source.imageShape, described))
      await source.dispose?.()
    }
    return {
      sizes: { classes: dataset.classes.length, ...applyLimits(row, {}, dataset).sizes },
      shapes,
    }
  } finally {
    dataset.dispose?.()
  }
}

/** The images of training, cropped and augmented, may differ in size from those of validation, which a network is built for. */
function shapesOf({ recipe }: Row, valid: Shape, { registry }: DescribedRow): Shapes {
  const { train } = recipe.data
  if (train === undefined) return { train: valid, valid }
  const { height, width } = train.augment.reduce(
    (size, use) => registry.create('augmentation', use, {}).output?.(size) ?? size,
    registry.create('crop', train.crop, {}).output,
  )
  return { train: [height, width, valid[2]!], valid }
}
