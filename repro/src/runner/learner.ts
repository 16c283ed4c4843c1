import {
  type BatchSource,
  type BoundCallback,
  createHooks,
  createModel,
  createRegistry,
  createRng,
  type Dataset,
  type FitStart,
  Learner,
  learningRateOf,
  type Metric,
  type Model,
  type Registry,
  type Rng,
  type Row,
  type Stage,
  stageRecipes,
} from '@tricklab/core'
import {
  createBatchSource,
  createRandomSplit,
  createValidationViews,
  knownNormalization,
  type Normalization,
  type NormalizedBatchSource,
  type PhotoSetup,
} from '@tricklab/data'
import type { ProgressSink } from '../progress.ts'
import type { Limits } from '../record/types.ts'

export interface LearnerServices {
  readonly dataset: Dataset
  readonly progress: ProgressSink
  readonly signal?: AbortSignal
}

/** What is trained in one go: a row without stages, or one stage as if it were a row. */
export interface OpenStage {
  readonly row: Row
  readonly source: NormalizedBatchSource
  /** Key of a random split: the first stage with the same data. */
  readonly split: number
  readonly epochs: number
  /** Undefined where the row has no stages. */
  readonly start: FitStart | undefined
}

/** Every stage of a row as a row of its own; a row without stages is the only one. */
export function stageRows(row: Row): readonly [Row, ...Row[]] {
  const [first, ...rest] = stageRecipes(row.recipe).map((recipe) => ({ ...row, recipe }))
  return [first!, ...rest]
}

export interface SourceOptions {
  /** Key of a random split; default 0. */
  readonly stage?: number
  /** Told, once, what makes reading slower than it could be; default: a warning of the process. */
  readonly progress?: ProgressSink | undefined
}

const toldBy = new WeakMap<ProgressSink, Set<string>>()

/** Every stage and split has a source of its own: what one has said, the others need not say again. */
const tellOnce = (progress: ProgressSink) => (message: string) => {
  const told = toldBy.get(progress) ?? new Set()
  toldBy.set(progress, told)
  if (told.has(message)) return
  told.add(message)
  progress({ kind: 'notice', message })
}

/** Crops and augmentations of a recipe for photos. */
function createPhotoSetup({ recipe, table }: Row, progress: ProgressSink | undefined): PhotoSetup | undefined {
  const { train, valid } = recipe.data
  if (train === undefined || valid === undefined) return undefined
  const registry = createRegistry(table.plugins)
  return {
    train: {
      crop: registry.create('crop', train.crop, {}),
      augment: train.augment.map((use) => registry.create('augmentation', use, {})),
    },
    valid: { crop: registry.create('crop', valid.crop, {}) },
    ...(progress === undefined ? {} : { notice: tellOnce(progress) }),
  }
}

/** The dataset as the row splits it; a random split is keyed by the seed and by the first stage with the same data. */
export function splitDataset({ recipe }: Row, dataset: Dataset, rng: Rng, stage = 0): Dataset {
  const { split, validFraction } = recipe.data
  if (split === undefined) return dataset
  return createRandomSplit(dataset, validFraction!, rng.at('data', 'split', stage))
}

/** What a network of a row is fed, where recipe and dataset say it without a single image. */
export function knownInput({ recipe, table }: Row): KnownInput | undefined {
  const { dataset, valid, normalize } = recipe.data
  const registry = createRegistry(table.plugins)
  const facts = registry.facts(dataset)
  const output = valid && registry.create('crop', valid.crop, {}).output
  const imageShape =
    output === undefined ? facts?.imageShape : ([output.height, output.width, facts?.imageShape?.[2] ?? 3] as const)
  if (facts?.classes === undefined || imageShape === undefined) return undefined
  return { classes: facts.classes, imageShape, normalization: knownNormalization(normalize, imageShape[2]) }
}

export interface KnownInput extends Pick<BatchSource, 'classes' | 'imageShape'> {
  /** Absent where it is measured on images. */
  readonly normalization: Normalization | undefined
}

/** The batches of a row, or of the first of its stages; what is drawn is keyed by the seed. */
export function openSource(
  row: Row,
  limits: Limits,
  dataset: Dataset,
  rng: Rng,
  { stage = 0, progress }: SourceOptions = {},
): Promise<NormalizedBatchSource> {
  const { batchSize, data } = row.recipe
  return createBatchSource(
    splitDataset(row, dataset, rng, stage),
    {
      batchSize,
      shuffle: data.shuffle,
      dropLast: data.dropLast,
      normalize: data.normalize,
      photos: createPhotoSetup(row, progress),
      limits: { train: limits.limitTrain, valid: limits.limitValid },
    },
    rng.scope('data'),
  )
}

/**
 * Random views of the validation images, epoch by epoch one, through the training crop and augmentations of a stage:
 * batch by batch the samples of its validation split, normalised as there. What is drawn is keyed by the seed.
 */
export function openViews(
  { row, source, split }: OpenStage,
  limits: Limits,
  dataset: Dataset,
  rng: Rng,
  progress?: ProgressSink,
): Promise<NormalizedBatchSource> {
  return createBatchSource(
    createValidationViews(splitDataset(row, dataset, rng, split)),
    {
      batchSize: row.recipe.batchSize,
      shuffle: false,
      dropLast: false,
      normalize: { kind: 'fixed', ...source.normalization },
      photos: createPhotoSetup(row, progress),
      limits: { train: limits.limitValid },
    },
    rng.scope('views'),
  )
}

/** The metrics of a row. @errors E_OPTION_RANGE where one says nothing about so few classes */
export function createMetrics(
  { recipe, table }: Row,
  classes: readonly string[],
  registry = createRegistry(table.plugins),
): Metric[] {
  return recipe.metrics.map((metric) => registry.create('metric', metric, { classes }))
}

/** The callbacks that a recipe names, in its order. */
export function bindRecipeCallbacks(row: Row, registry: Registry, source: BatchSource): BoundCallback[] {
  const registered = registry.list('callback')
  const metrics = createMetrics(row, source.classes, registry)
  return row.recipe.callbacks.map((use) => {
    const { plugin, component } = registered.find(({ name }) => name === use.use)!
    const stage = (component.stage as Stage | undefined) ?? 'augment'
    return { name: use.use, plugin, stage, callback: registry.create('callback', use, { source, metrics }) }
  })
}

/** The model of a row with the weights of a seed. */
export function createRowModel(
  row: Row,
  seed: number,
  { imageShape, classes }: Pick<BatchSource, 'imageShape' | 'classes'>,
): Model {
  const rng = createRng(seed)
  const registry = createRegistry(row.table.plugins, { rng })
  return createModel(registry, row.recipe.model, { imageShape, classes: classes.length, init: rng.scope('init') })
}

/**
 * Builds the learner of a row, of its first stage where it has several, for one seed. Everything random is keyed by the
 * seed.
 * @param harness callbacks of the harness, beside those of the recipe
 */
export async function createLearner(
  row: Row,
  seed: number,
  limits: Limits,
  services: LearnerServices,
  harness: readonly BoundCallback[] = [],
): Promise<Learner> {
  const [first] = stageRows(row)
  const source = await openSource(first, limits, services.dataset, createRng(seed), services)
  const epochs = shortened(first, limits)
  const model = createRowModel(first, seed, source)
  return createStageLearner({ row: first, source, split: 0, epochs, start: undefined }, model, seed, services, harness)
}

/** Epochs of a row or stage under the limits of a run. */
export const shortened = ({ recipe }: Row, { epochs }: Limits): number => Math.min(recipe.epochs, epochs ?? Infinity)

/** Builds everything that one stage names, around a model. */
export function createStageLearner(
  { row, source, epochs, start }: OpenStage,
  model: Model,
  seed: number,
  { progress, signal }: Omit<LearnerServices, 'dataset'>,
  harness: readonly BoundCallback[] = [],
  metrics: readonly Metric[] = [],
): Learner {
  const { recipe } = row
  const { accumulate, optimizer } = recipe
  const rng = createRng(seed)
  const log = (message: string) => progress({ kind: 'notice', message })
  const registry = createRegistry(row.table.plugins, { rng, log })
  const stepsPerEpoch = Math.ceil(source.batches('train') / (accumulate ?? 1))
  const parts = {
    model,
    loss: registry.create('loss', recipe.loss, {}),
    optimizer: registry.create('optimizer', optimizer, {}),
    schedule: registry.create('schedule', recipe.schedule, {
      learningRate: learningRateOf(optimizer)!,
      totalSteps: stepsPerEpoch * epochs,
      stepsPerEpoch,
    }),
    metrics: [...createMetrics(row, source.classes, registry), ...metrics],
    source,
    epochs,
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(recipe.params === undefined ? {} : { groups: recipe.params }),
    ...(start === undefined ? {} : { start }),
    rng,
    seed,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Learner(parts, createHooks([...bindRecipeCallbacks(row, registry, source), ...harness]))
}
