import type { Dataset, Rng } from '@tricklab/core'
import type { Registry } from '@tricklab/core/plugin'
import type { Row } from '@tricklab/core/recipe'
import {
  checkTwoClasses,
  createBatchSource,
  createValidationViews,
  type Normalization,
  type NormalizedBatchSource,
  type PhotoSetup,
} from '@tricklab/data'
import type { Limits } from './limits.ts'
import type { ProgressSink } from './progress.ts'
import { splitDataset } from './split-dataset.ts'

/** Where the batches of a row come from. */
export interface BatchServices {
  readonly registry: Registry
  /** Key of everything that is drawn for the seed. */
  readonly rng: Rng
  readonly dataset: Dataset
  readonly limits: Limits
  /** Told, once, what makes reading slower than it could be; default: a warning of the process. */
  readonly progress?: ProgressSink | undefined
}

/**
 * The batches of a row, or of one of its stages; what is drawn is keyed by the seed.
 * @param split key of a random split
 */
export function openBatches(row: Row, services: BatchServices, split = 0): Promise<NormalizedBatchSource> {
  const { dataset, limits, rng, registry } = services
  const { batchSize, data } = row.recipe
  checkTwoClasses(dataset)
  return createBatchSource(
    splitDataset(row, dataset, rng, split),
    {
      batchSize,
      shuffle: data.shuffle,
      dropLast: data.dropLast,
      normalize: data.normalize,
      sampler: data.sampler && registry.create('sampler', data.sampler, {}),
      photos: createPhotoSetup(row, services),
      limits: { train: limits.limitTrain, valid: limits.limitValid },
    },
    rng.scope('data'),
  )
}

/** Batches of a stage that views are made like. */
interface Viewed {
  readonly row: Row
  readonly source: { readonly normalization: Normalization }
  /** Key of a random split. */
  readonly split: number
}

/**
 * Random views of the validation images, epoch by epoch one, through the training crop and augmentations of a stage:
 * batch by batch the samples of its validation split, normalised as there. What is drawn is keyed by the seed.
 */
export function openViews({ row, source, split }: Viewed, services: BatchServices): Promise<NormalizedBatchSource> {
  const { dataset, limits, rng } = services
  return createBatchSource(
    createValidationViews(splitDataset(row, dataset, rng, split)),
    {
      batchSize: row.recipe.batchSize,
      shuffle: false,
      dropLast: false,
      normalize: { kind: 'fixed', ...source.normalization },
      photos: createPhotoSetup(row, services),
      limits: { train: limits.limitValid },
    },
    rng.scope('views'),
  )
}

/** Crops and augmentations of a recipe for photos. */
function createPhotoSetup({ recipe }: Row, { registry, progress }: BatchServices): PhotoSetup | undefined {
  const { train, valid } = recipe.data
  if (train === undefined || valid === undefined) return undefined
  return {
    train: {
      crop: registry.create('crop', train.crop, {}),
      augment: train.augment.map((use) => registry.create('augmentation', use, {})),
    },
    valid: { crop: registry.create('crop', valid.crop, {}) },
    ...(progress === undefined ? {} : { notice: tellOnce(progress) }),
  }
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
