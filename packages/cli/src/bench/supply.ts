/** Decoding and augmenting photos, ours against torchvision with as many workers, in turns. */
import os from 'node:os'
import { createRegistry, createRng, type Dataset, fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createBatchSource, data, type NormalizedBatchSource } from '@tricklab/data'
import { type Ready, startSide } from '@tricklab/repro'
import { torchSide } from './python.ts'
import { type Spread, spreadOf } from './statistics.ts'

export interface SupplyOptions {
  readonly sizes: readonly number[]
  readonly batchSize: number
  /** Batches a turn. */
  readonly batches: number
  readonly turns: number
}

/** A turn of reading. */
interface Read {
  readonly images: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** How one side supplies images. */
export interface Supply {
  readonly imagesPerSecond: Spread
  /** Processor time an image over all threads. @unit ms */
  readonly cpuMs: Spread
}

export interface SupplyResult {
  /** Width and height of the images. */
  readonly size: number
  readonly workers: number
  readonly imagesPerTurn: number
  /** Ours in a first epoch: from the files. */
  readonly decoding: Supply
  /** Ours in every later epoch: from the file of decoded images. */
  readonly stored: Supply
  readonly peer: Supply
  /** Images a second of ours over those of the peer, turn by turn. */
  readonly decodingRatio: Spread
  readonly storedRatio: Spread
  readonly peerVersion: string
}

interface PeerReady extends Ready {
  readonly torch: string
  readonly pillow: string
}

const minScale = 0.35
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

/**
 * Random resized crops, mirrored and normalised, of the dataset's first training photos.
 * @errors E_PEER_UNAVAILABLE; E_ARGUMENT for a dataset without photos; those of decoding
 */
export async function compareSupply(dataset: Dataset, options: SupplyOptions): Promise<SupplyResult[]> {
  const { sizes, batchSize, turns } = options
  if (dataset.photo === undefined) {
    return fail('E_ARGUMENT', {
      what: 'The peer torch measures the decoding of photos, but the dataset of this row has none.',
      expected: 'a row on a dataset of photos, such as imagewoof-128-5.',
      received: 'a dataset without files.',
      fix: 'leave --peer out.',
    })
  }
  const available = Math.floor(dataset.size('train') / batchSize)
  const batches = Math.max(1, Math.min(options.batches, available))
  const workers = os.availableParallelism()
  const files = Array.from({ length: batches * batchSize }, (_, i) => dataset.photo!('train', i).path)
  const command = torchSide('torchvision', 'data-peer.py')
  const peer = await startSide<PeerReady>(command, { files, sizes, batchSize, workers, minScale, ...imagenet })
  try {
    const ours = await Promise.all(sizes.map((size) => openOurs(dataset, size, batchSize, batches, workers)))
    // Starts the threads and fills the file of decoded images, which belongs to no turn.
    for (const source of ours) await withStore(true, () => readOurs(source, 0))
    const measured = sizes.map(() => ({ decoding: [] as Read[], stored: [] as Read[], peer: [] as Read[] }))
    for (let turn = 0; turn < turns; turn++) {
      for (const [i, size] of sizes.entries()) {
        const cold = await openOurs(dataset, size, batchSize, batches, workers)
        measured[i]!.decoding.push(await withStore(false, () => readOurs(cold, turn)))
      }
      const { reads } = (await peer.measure(batches)) as unknown as { reads: Read[] }
      for (const [i, read] of reads.entries()) measured[i]!.peer.push(read)
      for (const [i, source] of ours.entries()) measured[i]!.stored.push(await readOurs(source, turn + 1))
    }
    return sizes.map((size, i) => {
      const { decoding, stored, peer: theirs } = measured[i]!
      return {
        size,
        workers,
        imagesPerTurn: batches * batchSize,
        decoding: describe(decoding),
        stored: describe(stored),
        peer: describe(theirs),
        decodingRatio: ratio(decoding, theirs),
        storedRatio: ratio(stored, theirs),
        peerVersion: `torch ${peer.ready.torch}, Pillow ${peer.ready.pillow}`,
      }
    })
  } finally {
    await peer.close()
  }
}

function openOurs(
  dataset: Dataset,
  size: number,
  batchSize: number,
  batches: number,
  workers: number,
): Promise<NormalizedBatchSource> {
  const registry = createRegistry([data])
  const crop = (name: string, more: object = {}) => {
    const { use } = registry.normalize('crop', { use: name, ...{ size, ...more } }, 'bench data')
    return registry.create('crop', use, {})
  }
  const photos = {
    train: { crop: crop('random-resized-crop', { minScale }), augment: [] },
    valid: { crop: crop('squash-center-crop') },
    workers,
  }
  const first: Dataset = {
    ...dataset,
    size: (split) => (split === 'train' ? batches * batchSize : dataset.size(split)),
  }
  const options = { batchSize, shuffle: true, dropLast: true, normalize: { kind: 'imagenet' }, photos } as const
  return createBatchSource(first, options, createRng(1))
}

async function readOurs(source: NormalizedBatchSource, epoch: number): Promise<Read> {
  let images = 0
  const cpu = process.cpuUsage()
  const begin = performance.now()
  for await (const batch of source.read('train', epoch, 0)) {
    images += batch.size
    tf.dispose([batch.images, batch.targets])
  }
  const { user, system } = process.cpuUsage(cpu)
  return { images, seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 }
}

/** The store is opened by the first batch of a source, by what the environment says then. */
async function withStore<T>(kept: boolean, use: () => Promise<T>): Promise<T> {
  if (kept) return use()
  const before = process.env.TRICKLAB_DECODED_GB
  process.env.TRICKLAB_DECODED_GB = '0'
  try {
    return await use()
  } finally {
    if (before === undefined) delete process.env.TRICKLAB_DECODED_GB
    else process.env.TRICKLAB_DECODED_GB = before
  }
}

const describe = (reads: readonly Read[]): Supply => ({
  imagesPerSecond: spreadOf(reads.map(({ images, seconds }) => images / seconds)),
  cpuMs: spreadOf(reads.map(({ images, cpuSeconds }) => (1000 * cpuSeconds) / images)),
})

const ratio = (ours: readonly Read[], peer: readonly Read[]): Spread =>
  spreadOf(ours.map((read, i) => read.images / read.seconds / (peer[i]!.images / peer[i]!.seconds)))
