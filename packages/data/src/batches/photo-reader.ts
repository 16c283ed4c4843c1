import {
  type Augmentation,
  type Crop,
  type CropPlan,
  type Dataset,
  fail,
  type ImageSize,
  type Photo,
  type Rng,
  type Shape,
  type Split,
  TricklabError,
} from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type DecodedStore, decodedStoreOptions, openDecodedStore } from '../workers/decoded-store.ts'
import { sharedPool } from '../workers/pool.ts'
import type { DecodeTask } from '../workers/protocol.ts'
import { createPixelTable, type Normalization } from './normalization.ts'
import type { BatchReader, PreparedBatch } from './reader.ts'

/** How photos become images of one size. */
export interface PhotoOptions {
  readonly train: { readonly crop: Crop; readonly augment: readonly Augmentation[] }
  readonly valid: { readonly crop: Crop }
  /** Decoding threads; 0 decodes on the main thread. Changes no byte. */
  readonly workers: number
  /** Batches decoded ahead. */
  readonly prefetch: number
}

/** A dataset whose samples are files. */
export type WithPhotos = Dataset & Required<Pick<Dataset, 'photo'>>

/**
 * Reads batches of photos: draws the crops, has workers decode into buffers that are used again and again, and turns
 * them into tensors.
 * @errors E_SHAPE when training and validation images differ in size, or an image is too small for its crop
 */
export async function createPhotoReader(
  dataset: WithPhotos,
  photos: PhotoOptions,
  normalization: Normalization,
  rng: Rng,
): Promise<BatchReader> {
  const { train, valid, workers, prefetch } = photos
  const imageShape = settleShape(photos)
  const sizes = { train: decodeSizes(dataset, 'train', train.crop), valid: decodeSizes(dataset, 'valid', valid.crop) }
  for (const split of ['train', 'valid'] as const) checkSources(dataset, split, photos[split].crop)
  const pool = sharedPool(workers)
  let store: Promise<DecodedStore | undefined> | undefined
  const openStore = () => {
    store ??= openDecodedStore(dataset.digest, [...sizes.train, ...sizes.valid], decodedStoreOptions())
    return store
  }
  const firstStored = { train: 0, valid: sizes.train.length }
  const buffers: SharedArrayBuffer[] = []

  const createTask = (split: Split, epoch: number, index: number, files: DecodedStore | undefined): DecodeTask => {
    const photo = dataset.photo(split, index)
    const { crop } = photos[split]
    const plan = drawPlan(crop, photo, split === 'train' ? rng.at('crop', epoch, index) : null)
    const size = sizes[split][index]!
    const shrunk = size.width !== photo.width || size.height !== photo.height
    return {
      path: photo.path,
      decodeTo: shrunk ? size : undefined,
      plan: shrunk ? scalePlan(plan, size.width / photo.width, size.height / photo.height) : plan,
      ...(files === undefined ? {} : { stored: files.place(firstStored[split] + index) }),
    }
  }

  return {
    imageShape,
    prefetch,
    async prepare(split, epoch, batch, indices): Promise<PreparedBatch> {
      const files = await openStore()
      const { width, height } = photos[split].crop.output
      const tasks = Array.from(indices, (index) => createTask(split, epoch, index, files))
      const bytes = indices.length * width * height * 3
      const buffer = takeBuffer(buffers, bytes)
      await pool.run(tasks, buffer, files?.shared)
      const labels = Array.from(indices, (index) => dataset.photo(split, index).label)
      return {
        labels,
        images() {
          const pixels = new Uint8Array(buffer, 0, bytes)
          const shape = [indices.length, height, width, 3] as const
          const augment = split === 'train' ? train.augment : []
          return augmentAndNormalize(pixels, shape, augment, normalization, rng, `${epoch}/${batch}`)
        },
        release: () => buffers.push(buffer),
      }
    },
    // What was decoded is worth keeping at the end of every pass.
    endOfPass: async () => (await store)?.save(),
    dispose() {
      buffers.length = 0
    },
  }
}

/** Pixels in [0, 1], augmented, then normalised; without augmentation both in one pass over the bytes. */
function augmentAndNormalize(
  pixels: Uint8Array,
  shape: readonly [number, number, number, number],
  augment: readonly Augmentation[],
  normalization: Normalization,
  rng: Rng,
  key: string,
): tf.Tensor4D {
  if (augment.length === 0) return tf.tensor4d(lookUp(pixels, createPixelTable(normalization, 3)), [...shape])
  return tf.tidy(() => {
    const plain = createPixelTable({ mean: [0], std: [1] }, 3)
    let images: tf.Tensor4D = tf.tensor4d(lookUp(pixels, plain), [...shape])
    for (const [index, augmentation] of augment.entries()) {
      images = augmentation.apply(images, rng.at('augment', index, key))
    }
    const { mean, std } = normalization
    if (mean.length === 1 && mean[0] === 0 && std[0] === 1) return images
    return tf.div(tf.sub(images, tf.tensor1d([...mean])), tf.tensor1d([...std])) as tf.Tensor4D
  })
}

/** Three channels, a table each. */
function lookUp(pixels: Uint8Array, table: Float32Array): Float32Array {
  const images = new Float32Array(pixels.length)
  const [red, green, blue] = [table.subarray(0, 256), table.subarray(256, 512), table.subarray(512, 768)]
  for (let i = 0; i < pixels.length; i += 3) {
    images[i] = red[pixels[i]!]!
    images[i + 1] = green[pixels[i + 1]!]!
    images[i + 2] = blue[pixels[i + 2]!]!
  }
  return images
}

/** A free buffer that is large enough, or a new one: there are never more than batches under way. */
function takeBuffer(free: SharedArrayBuffer[], bytes: number): SharedArrayBuffer {
  const index = free.findIndex((buffer) => buffer.byteLength >= bytes)
  if (index >= 0) return free.splice(index, 1)[0]!
  // A smaller one is of no use any more where batches grow.
  free.pop()
  return new SharedArrayBuffer(bytes)
}

function settleShape({ train, valid }: PhotoOptions): Shape {
  const trained = train.augment.reduce<ImageSize>((size, step) => step.output?.(size) ?? size, train.crop.output)
  const { width, height } = valid.crop.output
  if (trained.width !== width || trained.height !== height) {
    fail('E_SHAPE', {
      what: 'Training and validation images differ in size.',
      expected: `validation images of ${trained.width} × ${trained.height} as in training.`,
      received: `${width} × ${height}.`,
      fix: 'give both crops, or the augmentation after the training crop, the same size.',
    })
  }
  return [height, width, 3]
}

/**
 * The size to which every image of a split is decoded: its own, or a half, a quarter or an eighth where the smallest
 * region that can be drawn still has twice the pixels wanted. It depends on image and recipe alone, so that a batch does
 * not depend on what happens to be stored.
 */
function decodeSizes(dataset: WithPhotos, split: Split, crop: Crop): ImageSize[] {
  return Array.from({ length: dataset.size(split) }, (_, index) => {
    const { width, height } = dataset.photo(split, index)
    const region = crop.smallestRegion({ width, height })
    const spare = Math.min(region.width / crop.output.width, region.height / crop.output.height) / 2
    const factor = spare >= 8 ? 8 : spare >= 4 ? 4 : spare >= 2 ? 2 : 1
    return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) }
  })
}

function scalePlan(plan: CropPlan, scaleX: number, scaleY: number): CropPlan {
  return {
    ...plan,
    left: plan.left * scaleX,
    top: plan.top * scaleY,
    width: plan.width * scaleX,
    height: plan.height * scaleY,
  }
}

/** What is too small is found before the first step, not in the middle of an epoch. */
function checkSources(dataset: WithPhotos, split: Split, crop: Crop): void {
  for (let index = 0; index < dataset.size(split); index++) drawPlan(crop, dataset.photo(split, index), null)
}

/** Draws a plan; a refusal names the file. */
function drawPlan(crop: Crop, photo: Photo, stream: Parameters<Crop['draw']>[1]): CropPlan {
  try {
    return crop.draw({ width: photo.width, height: photo.height }, stream)
  } catch (error) {
    if (!(error instanceof TricklabError)) throw error
    const [first, ...rest] = error.problems
    throw new TricklabError([{ ...first!, what: `${photo.path}: ${first!.what}` }, ...rest])
  }
}
