import {
  type BatchSource,
  type Dataset,
  fail,
  type Normalize,
  type Rng,
  type Sample,
  type SourceBatch,
  type Split,
} from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createNormalization, createPixelTable, type Normalization } from './normalization.ts'

export interface BatchSourceOptions {
  /** Samples a batch. */
  readonly batchSize: number
  /** Draw a new order of the training split each epoch. The validation split is never shuffled. */
  readonly shuffle: boolean
  /** Leave out a last training batch that is not full. Validation always keeps it. */
  readonly dropLast: boolean
  readonly normalize: Normalize
  /** Use the first so many samples of a split; a limit above the split's size changes nothing. */
  readonly limits?: { readonly train?: number | undefined; readonly valid?: number | undefined } | undefined
}

/** A batch source that also says how it normalises, for records and for later use of the model. */
export interface NormalizedBatchSource extends BatchSource {
  readonly normalization: Normalization
}

/**
 * Batches of a dataset: normalised NHWC images and one-hot targets.
 *
 * The training order is drawn from `rng.at('shuffle', epoch)`, so it depends on seed and epoch alone and reading may
 * start at any batch. While the caller works on one batch, the next is being read.
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
  checkBatchSize(batchSize, dropLast, available.train)

  const first = await dataset.read('train', 0)
  const imageShape = first.shape
  const channels = imageShape[2]
  const pixelsPerImage = imageShape[0] * imageShape[1] * channels
  const classes = dataset.classes.length
  const normalization = await createNormalization(dataset, options.normalize, available.train, channels, rng)
  const table = createPixelTable(normalization, channels)

  const batches = (split: Split) =>
    split === 'train' && dropLast ? Math.floor(available[split] / batchSize) : Math.ceil(available[split] / batchSize)

  /** Reads and normalises one batch into plain arrays; tensors come later, so that nothing leaks if it is not used. */
  async function prepare(split: Split, order: Uint32Array | undefined, batch: number): Promise<Prepared> {
    // Lets the caller start its step first; signals and timers get their turn as well.
    await new Promise((resolve) => setImmediate(resolve))
    const start = batch * batchSize
    const size = Math.min(batchSize, available[split] - start)
    const images = new Float32Array(size * pixelsPerImage)
    const targets = new Float32Array(size * classes)
    const indices = Array.from({ length: size }, (_, i) => order?.[start + i] ?? start + i)
    const put = (sample: Sample, i: number) => {
      checkSample(sample, first, classes, split, indices[i]!)
      writePixels(images, i * pixelsPerImage, sample.pixels, table, channels)
      targets[i * classes + sample.label] = 1
    }
    if (dataset.readSync) {
      for (let i = 0; i < size; i++) put(dataset.readSync(split, indices[i]!), i)
    } else {
      const samples = await Promise.all(indices.map((index) => dataset.read(split, index)))
      samples.forEach(put)
    }
    return { images, targets, size }
  }

  async function* read(split: Split, epoch: number, from: number): AsyncGenerator<SourceBatch> {
    const order = split === 'train' && shuffle ? rng.at('shuffle', epoch).permutation(available.train) : undefined
    const begin = (batch: number) => {
      if (batch >= batches(split)) return undefined
      const prepared = prepare(split, order, batch)
      // A failure is thrown when its batch is asked for; until then it must not count as unhandled.
      prepared.catch(() => {})
      return prepared
    }
    let next = begin(from)
    for (let batch = from; next !== undefined; batch++) {
      const { images, targets, size } = await next
      next = begin(batch + 1)
      yield {
        images: tf.tensor4d(images, [size, ...imageShape]),
        targets: tf.tensor2d(targets, [size, classes]),
        size,
      }
    }
  }

  return {
    classes: dataset.classes,
    imageShape,
    normalization,
    samples: (split) => Math.min(available[split], batches(split) * batchSize),
    batches,
    read,
  }
}

interface Prepared {
  readonly images: Float32Array
  readonly targets: Float32Array
  readonly size: number
}

function writePixels(
  images: Float32Array,
  offset: number,
  pixels: Uint8Array,
  table: Float32Array,
  channels: number,
): void {
  if (channels === 1) {
    for (let i = 0; i < pixels.length; i++) images[offset + i] = table[pixels[i]!]!
    return
  }
  for (let channel = 0; channel < channels; channel++) {
    const base = channel * 256
    for (let i = channel; i < pixels.length; i += channels) images[offset + i] = table[base + pixels[i]!]!
  }
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
      expected: dropLast ? `at least ${batchSize} samples, for only full batches are used.` : 'at least one sample.',
      received: `${trainSize} samples.`,
      fix: 'use a smaller batch size, a larger limit, or keep the last batch.',
    })
  }
}

function checkSample(sample: Sample, first: Sample, classes: number, split: Split, index: number): void {
  const [height, width, channels] = sample.shape
  const equal = height === first.shape[0] && width === first.shape[1] && channels === first.shape[2]
  if (!equal || sample.pixels.length !== height * width * channels) {
    fail('E_SHAPE', {
      what: `Image ${index} of the ${split} split cannot join a batch.`,
      expected: `height × width × channels ${first.shape.join(' × ')} as the first image.`,
      received: `${sample.shape.join(' × ')} with ${sample.pixels.length} bytes.`,
    })
  }
  if (!Number.isInteger(sample.label) || sample.label < 0 || sample.label >= classes) {
    fail('E_DATASET_CORRUPT', {
      what: `Image ${index} of the ${split} split has a label without a class.`,
      expected: `a label from 0 to ${classes - 1}.`,
      received: `${sample.label}.`,
    })
  }
}
