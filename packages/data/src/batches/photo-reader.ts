import {
  type Augmentation,
  type Crop,
  type Dataset,
  type Rng,
  type Shape,
  type Split,
  type Stream,
  TricklabError,
} from '@tricklab/core'
import type { CropPlan, ImageSize, Photo, Visit } from '@tricklab/core/contracts'
import { type DecodedStore, decodedStoreOptions, openDecodedStore } from '../workers/decoded-store.ts'
import { sharedPool } from '../workers/pool.ts'
import type { DecodeTask } from '../workers/protocol.ts'
import { type Augmenting, createAugmenting } from './augmenting.ts'
import type { HeldPhotos } from './held-photos.ts'
import type { Normalization } from './normalization.ts'
import type { BatchReader, PreparedBatch } from './reader.ts'

/** How photos become images of one size. */
export interface PhotoOptions {
  readonly train: { readonly crop: Crop; readonly augment: readonly Augmentation[] }
  readonly valid: { readonly crop: Crop }
  /** Decoding threads; 0 decodes on the main thread. Changes no byte. */
  readonly workers: number
  /** Batches decoded ahead. */
  readonly prefetch: number
  /** Told what makes reading slower than it could be. */
  readonly notice: (message: string) => void
}

/** A dataset whose samples are files. */
export type WithPhotos = Dataset & Required<Pick<Dataset, 'photo'>>

/**
 * Reads batches of photos: draws the crops, has workers decode into buffers that are used again and again, and turns
 * them into tensors.
 * @errors E_SHAPE when an image is too small for its crop
 */
export async function createPhotoReader(
  dataset: WithPhotos | HeldPhotos,
  photos: PhotoOptions,
  normalization: Normalization,
  rng: Rng,
): Promise<BatchReader> {
  const { train, valid, workers, prefetch, notice } = photos
  const held = 'load' in dataset ? dataset : undefined
  const channels = held?.channels ?? 3
  const augmenting = {
    train: createAugmenting(train, normalization, channels, rng),
    valid: createAugmenting({ ...valid, augment: [] }, normalization, channels, rng),
  }
  const sizesOf = (split: Split): ImageSize[] => {
    if (held === undefined) return decodeSizes(dataset, split, photos[split].crop)
    return Array.from({ length: dataset.size(split) }, (_, index) => dataset.photo(split, index))
  }
  const sizes = { train: sizesOf('train'), valid: sizesOf('valid') }
  for (const split of ['train', 'valid'] as const) checkSources(dataset, split, photos[split].crop)
  const pool = sharedPool(workers)
  const contents = () =>
    (['train', 'valid'] as const).flatMap((split) =>
      sizes[split].map((size, index) => {
        const { sha256, shrunk, upright, srgb, width, height } = dataset.photo(split, index)
        const file = sha256 ?? `${dataset.digest} ${split} ${index}`
        const content = `${file}${upright === true ? ' upright' : ''}${srgb === true ? ' srgb' : ''}`
        return { ...size, content: shrunk === true ? `${content} shrunk to ${width} ${height}` : content }
      }),
    )
  const isHeld =
    held !== undefined ||
    (['train', 'valid'] as const).every((split) =>
      sizes[split].every((_, index) => dataset.photo(split, index).bytes !== undefined),
    )
  let store: Promise<DecodedStore | undefined> | undefined
  const openStore = () => {
    store ??= isHeld ? Promise.resolve(undefined) : openDecodedStore(contents(), decodedStoreOptions(notice))
    return store
  }
  const firstStored = { train: 0, valid: sizes.train.length }
  const buffers: SharedArrayBuffer[] = []

  /** An image that comes again in an epoch is cropped in another way. */
  const cropStream = (epoch: number, index: number, repeat: number) =>
    repeat === 0 ? rng.at('crop', epoch, index) : rng.at('crop', epoch, index, repeat)
  const createTask = (
    split: Split,
    [epoch, index, repeat]: readonly [number, number, number],
    files: DecodedStore | undefined,
  ): DecodeTask => {
    const photo = dataset.photo(split, index)
    const { crop } = photos[split]
    const visit = split === 'train' ? { epoch, index, repeat } : null
    const plan = drawPlan(crop, photo, visit && cropStream(epoch, index, repeat), visit)
    const { width, height } = photo
    const size = sizes[split][index]!
    const smaller = size.width !== width || size.height !== height
    return {
      path: photo.path,
      bytes: photo.bytes,
      upright: photo.upright,
      srgb: photo.srgb,
      shrinkTo: photo.shrunk === true ? { width, height } : undefined,
      decodeTo: smaller ? size : undefined,
      plan: smaller ? scalePlan(plan, size.width / width, size.height / height) : plan,
      ...(files === undefined || photo.bytes !== undefined ? {} : { stored: files.place(firstStored[split] + index) }),
    }
  }

  /** Labels of a batch, and its pixels where they are held. */
  const load = (split: Split, index: number) =>
    held === undefined ? { label: dataset.photo(split, index).label } : held.load(split, index)

  return {
    ...describeShapes(augmenting, channels),
    prefetch,
    async prepare(split, epoch, batch, indices, repeats): Promise<PreparedBatch> {
      const files = await openStore()
      const key = `${epoch}/${batch}`
      const { length } = indices
      const transforms = augmenting[split].plan(length, key)
      const loaded = await Promise.all(Array.from(indices, (index) => load(split, index)))
      const tasks = Array.from(indices, (index, i) => ({
        ...createTask(split, [epoch, index, repeats?.[i] ?? 0], files),
        ...('pixels' in loaded[i]! ? { pixels: loaded[i].pixels } : {}),
        ...(transforms === undefined ? {} : { transform: transforms[i]! }),
      }))
      const { width, height } = transforms?.[0]?.output ?? photos[split].crop.output
      const buffer = takeBuffer(buffers, length * width * height * 3 * (transforms === undefined ? 1 : 4))
      await pool.run(tasks, buffer, files?.shared)
      return {
        labels: loaded.map(({ label }) => label),
        images: () => augmenting[split].finish(buffer, length, key),
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

/** A free buffer that is large enough, or a new one: there are never more than batches under way. */
function takeBuffer(free: SharedArrayBuffer[], bytes: number): SharedArrayBuffer {
  const index = free.findIndex((buffer) => buffer.byteLength >= bytes)
  if (index >= 0) return free.splice(index, 1)[0]!
  // A smaller one is of no use any more where batches grow.
  free.pop()
  return new SharedArrayBuffer(bytes)
}

/** What training and validation see: of one size, or validation of another, as a source may want it. */
function describeShapes({ train, valid }: Readonly<Record<Split, Augmenting>>, channels: 1 | 3) {
  const shapeOf = ({ height, width }: ImageSize): Shape => [height, width, channels]
  const [trainShape, imageShape] = [shapeOf(train.output), shapeOf(valid.output)]
  return trainShape.join() === imageShape.join() ? { imageShape } : { imageShape, trainShape }
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
  for (let index = 0; index < dataset.size(split); index++) drawPlan(crop, dataset.photo(split, index), null, null)
}

/** Draws a plan; a refusal names the file. */
function drawPlan(crop: Crop, photo: Photo, stream: Stream | null, visit: Visit | null): CropPlan {
  try {
    return crop.draw({ width: photo.width, height: photo.height }, stream, visit)
  } catch (error) {
    if (!(error instanceof TricklabError)) throw error
    const [first, ...rest] = error.problems
    throw new TricklabError([{ ...first!, what: `${photo.path}: ${first!.what}` }, ...rest])
  }
}
