/** `bench data`: how fast batches come, and how long training waits for them. */
import type { SourceBatch } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { type Engine, prepareEngine } from '@tricklab/engine'
import {
  again,
  createScriptedLoop,
  describeRow,
  holdBatches,
  type ProgressSink,
  type ScriptedLoop,
} from '@tricklab/train'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import type { ProfileOptions } from './profile.ts'
import { median } from './statistics.ts'
import { compareSupply, type SupplyResult } from './supply.ts'
import type { BenchTarget } from './targets.ts'

export interface DataResult {
  readonly command: 'bench data'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly table: string
  readonly row: string
  readonly engine: Engine
  readonly batchSize: number
  /** Opening the dataset: reading, checking, decoding what is kept in memory. */
  readonly openSeconds: number
  /** The source alone: reading, normalising, tensors. */
  readonly source: { readonly batches: number; readonly images: number; readonly imagesPerSecond: number }
  readonly training: {
    readonly steps: number
    /** Median step with data from the source, waiting included. */
    readonly stepMs: number
    /** Median wait for the next batch. */
    readonly waitMs: number
    /** All waiting over all time. */
    readonly waitShare: number
    /** Median step on a batch that is in memory already; what is above it is the whole cost of data. */
    readonly heldStepMs: number
  }
  /** Decoding and augmenting against the peer, where one was asked for. */
  readonly supply?: readonly SupplyResult[]
}

export interface DataOptions extends ProfileOptions {
  /** Batches read from the source alone. */
  readonly batches: number
  /** Turns of decoding against torchvision; 0: no peer. */
  readonly peerTurns: number
}

/** Widths and heights at which decoding is compared. */
const supplySizes = [128, 224]

/** Measures the supply of data of a row. @errors those of engines and datasets */
export async function benchData(
  { row }: BenchTarget,
  { dataPaths, batches, steps, warmup, peerTurns, ...options }: DataOptions,
  progress: ProgressSink,
): Promise<DataResult> {
  const environment = describeBenchEnvironment()
  const engine = await prepareEngine(...options.engine)
  const opening = performance.now()
  const dataset = await describeRow(row, { progress }).openDataset({ dataPaths, progress })
  const openSeconds = (performance.now() - opening) / 1000
  const loop = await createScriptedLoop(row, { dataset, progress })
  const source = await readAlone(loop, batches)
  const training = await trainOn(loop, steps, warmup)
  await loop.dispose()
  const { batchSize } = row.recipe
  const supply =
    peerTurns === 0
      ? undefined
      : await compareSupply(dataset, { sizes: supplySizes, batchSize, batches, turns: peerTurns })
  return {
    command: 'bench data',
    date: new Date().toISOString(),
    environment,
    table: row.table.id,
    row: row.name,
    engine,
    batchSize,
    openSeconds,
    source,
    training,
    ...(supply === undefined ? {} : { supply }),
  }
}

async function readAlone(loop: ScriptedLoop, limit: number): Promise<DataResult['source']> {
  let images = 0
  let batches = 0
  const start = performance.now()
  while (batches < limit) {
    for await (const batch of loop.read()) {
      images += batch.size
      tf.dispose([batch.images, batch.targets])
      if (++batches === limit) break
    }
  }
  return { batches, images, imagesPerSecond: (images * 1000) / (performance.now() - start) }
}

async function trainOn(loop: ScriptedLoop, steps: number, warmup: number): Promise<DataResult['training']> {
  const held = await holdBatches(loop, 1)
  const waits: number[] = []
  const times: number[] = []
  const heldTimes: number[] = []
  await loop.run(async function* () {
    for (let i = 0; i < warmup; i++) yield again(held[0]!)
    const stream = endless(loop)
    // The first batch has nobody to be read beside.
    tf.dispose(Object.values(pick((await stream.next()).value!)))
    while (times.length < steps) {
      const start = performance.now()
      const batch = (await stream.next()).value!
      waits.push(performance.now() - start)
      yield batch
      times.push(performance.now() - start)
    }
    await stream.return(undefined)
    while (heldTimes.length < steps) {
      const start = performance.now()
      yield again(held[0]!)
      heldTimes.push(performance.now() - start)
    }
  })
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    steps,
    stepMs: median(times),
    waitMs: median(waits),
    waitShare: sum(waits) / sum(times),
    heldStepMs: median(heldTimes),
  }
}

const pick = ({ images, targets }: SourceBatch) => ({ images, targets })

/** Epoch after epoch, as a training run reads them. */
async function* endless(loop: ScriptedLoop): AsyncGenerator<SourceBatch, undefined> {
  for (;;) yield* loop.read()
}
