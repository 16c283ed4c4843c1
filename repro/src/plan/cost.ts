import {
  createModel,
  createRegistry,
  createRng,
  type NormalRecipe,
  type Rng,
  type Row,
  type Shape,
  type Stream,
  stageRecipes,
} from '@tricklab/core'
import { hashJson } from '@tricklab/core/checkpoint'
import { datasetFacts } from '../record/current-row.ts'
import { knownInput, openSource, splitDataset, stageRows } from '../runner/learner.ts'
import { openDataset, type RunOptions } from '../runner/run.ts'

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
export function createCostCounter(options: Pick<RunOptions, 'dataPaths' | 'progress' | 'signal'>) {
  const counted = new Map<string, number>()

  const macsOf = (row: Row, shape: Shape, classes: number): number => {
    const key = hashJson([row.recipe.model as never, [...shape], classes])
    const known = counted.get(key)
    if (known !== undefined) return known
    const imageShape = shape as [number, number, number]
    const model = createModel(createRegistry(row.table.plugins), row.recipe.model, {
      imageShape,
      classes,
      init: noInit,
    })
    const macs = model.macs(shape)
    model.dispose()
    counted.set(key, macs)
    return macs
  }

  /** @errors those of openDataset, where only the data tell how large they are */
  return async function costOf(row: Row): Promise<RowCost> {
    const { sizes, shapes } = (await knownOf(row)) ?? (await openedOf(row, options))
    const stages = stageRecipes(row.recipe).map((recipe, index) => {
      const { train, valid } = shapes[index]!
      return stageCost(recipe, sizes, {
        train: macsOf(row, train, sizes.classes),
        valid: macsOf(row, valid, sizes.classes),
      })
    })
    const sum = (key: Exclude<keyof RowCost, 'macs'>) => stages.reduce((total, stage) => total + stage[key], 0)
    const last = shapes.at(-1)!
    const views = viewsOf(row) * sizes.valid
    return {
      macs: Math.max(...stages.map(({ macs }) => macs)),
      steps: sum('steps'),
      trainImages: sum('trainImages'),
      validImages: sum('validImages') + views,
      work: sum('work') + views * macsOf(row, last.valid, sizes.classes),
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
function viewsOf({ recipe, table }: Row): number {
  if (recipe.predictor === undefined) return 0
  return 1 + createRegistry(table.plugins).create('predictor', recipe.predictor, {}).views
}

/** What recipe and dataset say without a single image. */
async function knownOf(row: Row): Promise<{ sizes: Sizes; shapes: readonly Shapes[] } | undefined> {
  const facts = datasetFacts(row.recipe, createRegistry(row.table.plugins))
  const shapes = stageRows(row).flatMap((stage) => {
    const known = knownInput(stage)
    return known === undefined ? [] : [shapesOf(stage, known.imageShape)]
  })
  if (facts?.contents === undefined || facts.classes === undefined) return undefined
  if (shapes.length < stageRows(row).length) return undefined
  const { train, valid } = facts.contents
  return { sizes: { classes: facts.classes.length, train, valid }, shapes }
}

/** The same from the data, where a dataset says nothing of itself before it is opened. */
async function openedOf(row: Row, options: Parameters<typeof openDataset>[1]) {
  const dataset = await openDataset(row, options)
  try {
    const rng = createRng(row.seeds[0] ?? 1)
    const split = splitDataset(row, dataset, rng)
    const shapes: Shapes[] = []
    for (const stage of stageRows(row)) {
      // A row without one whole batch cannot be trained, but counted.
      const data = { ...stage.recipe.data, dropLast: false }
      const counted = { ...stage, recipe: { ...stage.recipe, data } }
      const source = await openSource(counted, {}, dataset, rng, options)
      shapes.push(shapesOf(stage, source.imageShape))
      await source.dispose?.()
    }
    return {
      sizes: { classes: dataset.classes.length, train: split.size('train'), valid: split.size('valid') },
      shapes,
    }
  } finally {
    dataset.dispose?.()
  }
}

/** The images of training, cropped and augmented, may differ in size from those of validation, which a network is built for. */
function shapesOf({ recipe, table }: Row, valid: Shape): Shapes {
  const { train } = recipe.data
  if (train === undefined) return { train: valid, valid }
  const registry = createRegistry(table.plugins)
  const { height, width } = train.augment.reduce(
    (size, use) => registry.create('augmentation', use, {}).output?.(size) ?? size,
    registry.create('crop', train.crop, {}).output,
  )
  return { train: [height, width, valid[2]!], valid }
}

/** Weights that nobody reads need not be drawn. */
const still: Stream = {
  uniform: () => 0.5,
  integer: () => 0,
  normal: () => 0,
  gamma: () => 1,
  beta: () => 0.5,
  permutation: (length) => Uint32Array.from({ length }, (_, index) => index),
}
const noInit: Rng = { at: () => still, scope: () => noInit }
