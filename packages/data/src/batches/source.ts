import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { type Dataset, fail, type Rng, type Sample, type Sampler, type Split } from '@tricklab/core'
import type { BatchSource, SourceBatch } from '@tricklab/core/contracts'
import type { Normalize } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { readNumber } from '../environment.ts'
import { createArrayReader } from './array-reader.ts'
import { type EpochOrder, plainSampling, sampledBy } from './epoch-order.ts'
import { holdPhotos } from './held-photos.ts'
import { createNormalization, type Normalization } from './normalization.ts'
import { createPhotoReader, type PhotoOptions, type WithPhotos } from './photo-reader.ts'
import type { BatchReader, PreparedBatch } from './reader.ts'

/** Crops and augmentations of photos; threads and batches ahead have defaults. */
export type PhotoSetup = Pick<PhotoOptions, 'train' | 'valid'> &
  Partial<Pick<PhotoOptions, 'workers' | 'prefetch' | 'notice'>>

export interface BatchSourceOptions {
  /** Samples a batch. */
  readonly batchSize: number
  /** Draw a new order of the training split each epoch. The validation split is never shuffled. */
  readonly shuffle: boolean
  /** Leave out a last training batch that is not full. Validation always keeps it. */
  readonly dropLast: boolean
  readonly normalize: Normalize
  /** Which training samples an epoch visits; absent: every one once. */
  readonly sampler?: Sampler | undefined
  /** Crops, augmentations and decoding threads; ready-made images stay as they are without. */
  readonly photos?: PhotoSetup | undefined
  /** Use so many samples of a split: the first, or photos at equal distances. One above its size changes nothing. */
  readonly limits?: { readonly train?: number | undefined; readonly valid?: number | undefined } | undefined
}

/** A batch source that also says how it normalises, for records and for later use of the model. */
export interface NormalizedBatchSource extends BatchSource {
  readonly normalization: Normalization
}

/**
 * Batches of a dataset: normalised NHWC images and one-hot targets.
 *
 * The training order is drawn from `rng.at('shuffle', epoch)`, or by a sampler from seed and epoch: it depends on these
 * alone, and reading may start at any batch. While the caller works on one batch, the next are being read.
 * @errors E_OPTION_RANGE for a batch size or limit below 1, or when no training batch is left; E_SHAPE when images
 * differ in shape; E_DATASET_CORRUPT for a label without a class
 */
export async function createBatchSource(
  dataset: Dataset,
  options: BatchSourceOptions,
  rng: Rng,
): Promise<NormalizedBatchSource> {
  const { batchSize, shuffle, dropLast } = options
  const available = { train: limited(dataset, 'train', options), valid: limited(dataset, 'valid', options) }

  const { photos } = options
  const first = hasPhotos(dataset) ? undefined : await dataset.read('train', 0)
  const channels = first?.shape[2] ?? 3
  // Photos come class by class: a limit takes them at equal distances, so that no class is left out.
  const place = (split: Split, position: number) =>
    first === undefined ? Math.floor((position * dataset.size(split)) / available[split]) : position
  const used = { size: available.train, index: (position: number) => place('train', position) }
  const normalization = await createNormalization(dataset, options.normalize, used, channels, rng)
  const reader = await createReader(dataset, first, photos, normalization, rng)
  const classes = dataset.classes.length

  const sampling =
    options.sampler === undefined
      ? plainSampling(available.train, shuffle, rng)
      : await sampledBy(options.sampler, dataset, { available: available.train, shuffle, index: used.index }, rng)
  checkBatchSize(batchSize, dropLast, sampling.size)
  const visited = { train: sampling.size, valid: available.valid }
  const batches = (split: Split) =>
    split === 'train' && dropLast ? Math.floor(visited[split] / batchSize) : Math.ceil(visited[split] / batchSize)

  async function* read(split: Split, epoch: number, from: number): AsyncGenerator<SourceBatch> {
    const order: EpochOrder = split === 'train' ? sampling.order(epoch) : { positions: undefined }
    const ahead: Promise<PreparedBatch>[] = []
    const begin = (batch: number) => {
      if (batch >= batches(split)) return
      const start = batch * batchSize
      const size = Math.min(batchSize, visited[split] - start)
      const indices = Array.from({ length: size }, (_, i) => place(split, order.positions?.[start + i] ?? start + i))
      const prepared = reader.prepare(split, epoch, batch, indices, order.repeats?.subarray(start, start + size))
      // A failure is thrown when its batch is asked for; until then it must not count as unhandled.
      prepared.catch(() => {})
      ahead.push(prepared)
    }
    try {
      for (let batch = from; batch < from + reader.prefetch; batch++) begin(batch)
      for (let batch = from; ahead.length > 0; batch++) {
        const prepared = await ahead.shift()!
        begin(batch + reader.prefetch)
        // Kernels may compute on this thread, and a batch read ahead is there at once: without a turn of the event loop
        // signals, timers and the workers' messages would wait for many steps.
        await setImmediate()
        yield toTensors(prepared, classes)
      }
      await reader.endOfPass?.()
    } finally {
      // Whoever stops early leaves batches behind that are still being read.
      for (const left of ahead) left.then((prepared) => prepared.release()).catch(() => {})
    }
  }

  return {
    classes: dataset.classes,
    imageShape: reader.imageShape,
    ...(reader.trainShape === undefined ? {} : { trainShape: reader.trainShape }),
    normalization,
    samples: (split) => Math.min(visited[split], batches(split) * batchSize),
    batches,
    read,
    dispose: () => reader.dispose?.(),
  }
}

/** Photos are cropped, ready-made images where the recipe says so. */
async function createReader(
  dataset: Dataset,
  first: Sample | undefined,
  photos: PhotoSetup | undefined,
  normalization: Normalization,
  rng: Rng,
): Promise<BatchReader> {
  if (hasPhotos(dataset)) return createPhotoReader(dataset, checkPhotos(photos), normalization, rng)
  if (photos === undefined) return createArrayReader(dataset, first!, normalization)
  return createPhotoReader(holdPhotos(dataset, first!), checkPhotos(photos), normalization, rng)
}

function toTensors(prepared: PreparedBatch, classes: number): SourceBatch {
  const size = prepared.labels.length
  const targets = new Float32Array(size * classes)
  for (const [i, label] of prepared.labels.entries()) targets[i * classes + label] = 1
  const batch = { images: prepared.images(), targets: tf.tensor2d(targets, [size, classes]), size }
  prepared.release()
  return batch
}

// One engine is not fed faster by more, and each takes memory.
const mostWorkers = 16

const warned = new Set<string>()

/** On standard error, once a process: every stage and split has a source of its own. */
function warn(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  process.emitWarning(message, 'Tricklab')
}

const hasPhotos = (dataset: Dataset): dataset is WithPhotos => dataset.photo !== undefined

function checkPhotos(photos: PhotoSetup | undefined): PhotoOptions {
  if (photos !== undefined) return { workers: defaultWorkers(), prefetch: 2, notice: warn, ...photos }
  return fail('E_RECIPE', {
    what: 'The dataset consists of photos of different sizes, but the recipe does not say how to crop them.',
    expected: 'data: { train: { crop: … }, valid: { crop: … } }.',
    received: 'no crops.',
    fix: "for example `train: { crop: { use: 'random-resized-crop', size: 128 } }, valid: { crop: { use: 'resize-center-crop', size: 128 } }`.",
  })
}

/** A thread a core; `TRICKLAB_WORKERS` sets another number. */
function defaultWorkers(env: NodeJS.ProcessEnv = process.env): number {
  return readNumber('TRICKLAB_WORKERS', env, 'whole number') ?? Math.min(mostWorkers, availableParallelism())
}

function limited(dataset: Dataset, split: Split, { limits }: BatchSourceOptions): number {
  const limit = limits?.[split]
  if (limit === undefined) return dataset.size(split)
  if (!Number.isInteger(limit) || limit < 1) {
    fail('E_OPTION_RANGE', {
      what: `The limit of the ${split} split is not a number of samples.`,
      expected: 'whole number from 1.',
      received: `${limit}.`,
      fix: `leave it out to use all ${dataset.size(split)} samples.`,
    })
  }
  return Math.min(limit, dataset.size(split))
}

function checkBatchSize(batchSize: number, dropLast: boolean, trainSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    fail('E_OPTION_RANGE', {
      what: 'The batch size is not a number of samples.',
      expected: 'whole number from 1.',
      received: `${batchSize}.`,
    })
  }
  if (trainSize < (dropLast ? batchSize : 1)) {
    fail('E_OPTION_RANGE', {
      what: 'The training split gives no batch.',
      expected: dropLast
        ? `at least ${batchSize} samples, because only full batches are used.`
        : 'at least one sample.',
      received: `${trainSize} samples.`,
      fix: 'use a smaller batch size, a larger limit, or keep the last batch.',
    })
  }
}
