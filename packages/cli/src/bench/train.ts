/** `bench train`: our training step against a peer's, in turns of one run. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Engine } from '@tricklab/engine'
import {
  nodeSide,
  type ProcessorTurn,
  type Ready,
  type Side,
  type SideCommand,
  startSide,
  type TensorCount,
} from '@tricklab/repro'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import type { OursReady, OursSetup } from './messages.ts'
import { findPeers, type MemoryFormat, type PeerName, type PeerVariant, peerSetup } from './peers.ts'
import type { ProgressLine } from './progress-line.ts'
import { invertSpread, pairedRatios, type Spread, spreadOfTurns } from './statistics.ts'
import type { BenchTarget } from './targets.ts'

export interface TrainOptions {
  readonly engine: string
  readonly precision: string
  readonly threads?: number
  readonly dataPaths: readonly string[]
  readonly peer: PeerName
  /** Of PyTorch. */
  readonly memoryFormat: MemoryFormat
  /** Measure PyTorch compiled as well. Default: false. */
  readonly compile?: boolean
  /** Steps a turn. */
  readonly steps: number
  /** Turns of each side. */
  readonly turns: number
  readonly warmup: number
}

/** The figures of one side. */
export interface SideResult {
  readonly name: string
  readonly version: string
  readonly threads: number
  readonly notes: readonly string[]
  readonly stepMs: Spread
  /** Of all threads together, by the processor's clock. */
  readonly processorMs: Spread
  readonly imagesPerSecond: Spread
  /** Every step of every turn. */
  readonly turnsMs: readonly (readonly number[])[]
  readonly peakResidentBytes: number
  /** Resident memory after the first and the last measured step, and after every turn. */
  readonly residentBytes: { readonly first: number; readonly last: number; readonly turns: readonly number[] }
  /** TF.js's count after the first and the last measured step; null where there is none. */
  readonly tensors: { readonly first: TensorCount; readonly last: TensorCount; readonly flat: boolean } | null
  readonly startToFirstStepSeconds: number
  /** How much longer the first steps took for compiling; only where the side compiles. */
  readonly compileSeconds?: number
  /** Of the first steps. */
  readonly losses: readonly number[]
}

type Ratio = Spread & { readonly turns: readonly number[] }

/** A peer with its time over ours. */
export interface ComparedPeer {
  readonly side: SideResult
  readonly ratio: Ratio
  readonly processorRatio: Ratio
}

export interface TrainRowResult {
  readonly table: string
  readonly row: string
  readonly batchSize: number
  readonly imageShape: readonly number[]
  readonly engine: Engine
  readonly ours: SideResult
  /** The peer at its best: the fastest of its variants. */
  readonly peer: SideResult | null
  /** Peer's time over ours; above 1 ours is faster. */
  readonly ratio: Ratio | null
  /** The same by the processor's clock, which other programs disturb less. */
  readonly processorRatio: Ratio | null
  /** The peer in other ways, such as with the allocator that it has by itself. */
  readonly otherPeers: readonly ComparedPeer[]
  /** |our loss − the peer's| at the first step: from equal weights and an equal batch. */
  readonly firstLossDifference: number | null
}

export interface TrainResult {
  readonly command: 'bench train'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly options: Omit<TrainOptions, 'dataPaths'>
  readonly rows: readonly TrainRowResult[]
}

/** Between turns: the threads of a side that has just been busy spin for a while before they sleep. */
const pauseMs = 300

/** Steps whose losses are compared; a side takes at least so many to warm up. */
export const comparedSteps = 4

/** Steps that tell two memory formats apart. */
const probeSteps = 4

/** Hears of figures as soon as they are there: a later row may fail. */
export interface TrainListener {
  readonly begins: (run: Omit<TrainResult, 'rows'>) => void
  readonly measured: (row: TrainRowResult) => void
}

/** Measures every row, one after the other. @errors E_PEER_UNAVAILABLE, those of engines and datasets, E_WORKER */
export async function benchTrain(
  targets: readonly BenchTarget[],
  { dataPaths, ...options }: TrainOptions,
  progress: ProgressLine,
  listener: TrainListener,
): Promise<TrainResult> {
  const environment = describeBenchEnvironment()
  const rowsOfTargets = targets.map(({ row }) => row)
  const peers = findPeers(options.peer, rowsOfTargets, options.compile)
  const run = { command: 'bench train', date: new Date().toISOString(), environment, options } as const
  listener.begins(run)
  const rows: TrainRowResult[] = []
  for (const target of targets) {
    const row = await benchRow(target, { dataPaths, ...options }, peers, progress)
    listener.measured(row)
    rows.push(row)
  }
  return { ...run, rows }
}

async function benchRow(
  { row, text }: BenchTarget,
  options: TrainOptions,
  variants: readonly PeerVariant[],
  progress: ProgressLine,
): Promise<TrainRowResult> {
  const title = `${row.table.id}/${row.name}`
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tricklab-bench-'))
  const sides: Side[] = []
  const start = async <R extends Ready>(command: SideCommand, setup: object): Promise<Side<R>> => {
    const side = await startSide<R>(command, setup)
    sides.push(side)
    return side
  }
  try {
    const share = path.join(folder, 'share.safetensors')
    const oursCommand = nodeSide('our side', './ours-main.ts', import.meta.url)
    const setup: OursSetup = {
      target: text,
      engine: options.engine,
      precision: options.precision,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      dataPaths: options.dataPaths,
      warmup: options.warmup,
    }
    // A process before the measured one fetches data that is missing, warms the file cache and writes what the peer
    // starts from, so that none of it counts in the memory and the start of the measured one.
    progress.show(`${title}: preparing data and weights`)
    const reference = await start<OursReady>(oursCommand, { ...setup, warmup: comparedSteps, share })
    await reference.close()

    progress.show(`${title}: starting our side`)
    const ours = await start<OursReady>(oursCommand, setup)
    const known = { ...options, share, threads: options.threads }
    const startPeer = ({ command, compile }: Pick<PeerVariant, 'command' | 'compile'>, channelsLast: boolean) =>
      start(command, peerSetup(row, ours.ready, { ...known, channelsLast, compile }))
    let channelsLast = options.memoryFormat === 'channels-last'
    const [first] = variants
    if (first !== undefined && options.peer === 'torch' && options.memoryFormat === 'faster') {
      progress.show(`${title}: which memory format suits ${first.command.title}`)
      const [contiguous, last] = [await probe(await startPeer(first, false)), await probe(await startPeer(first, true))]
      channelsLast = last < contiguous
    }
    const measured: MeasuredSide[] = [{ label: '', side: ours, turns: [] }]
    for (const variant of variants) {
      progress.show(`${title}: starting ${[variant.command.title, variant.label].filter(Boolean).join(', ')}`)
      measured.push({ label: variant.label, side: await startPeer(variant, channelsLast), turns: [] })
    }
    for (let turn = 0; turn < options.turns; turn++) {
      for (const { side, label, turns } of measured) {
        progress.show(
          `${title}: turn ${turn + 1}/${options.turns}, ${[side.ready.name, label].filter(Boolean).join(', ')}`,
        )
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        turns.push((await side.measure(options.steps)) as ProcessorTurn)
      }
    }
    return summarizeRow(row, ours.ready, measured)
  } finally {
    progress.clear()
    await Promise.all(sides.map((side) => side.close()))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Least time of a few steps; the side ends with them. */
async function probe(side: Side): Promise<number> {
  const { times } = await side.measure(probeSteps)
  await side.close()
  return Math.min(...times)
}

interface MeasuredSide {
  readonly label: string
  readonly side: Side
  readonly turns: ProcessorTurn[]
}

function summarizeRow(row: BenchTarget['row'], ready: OursReady, measured: readonly MeasuredSide[]): TrainRowResult {
  const { batchSize, imageShape, engine } = ready
  const [ours, ...peers] = measured
  const compared = peers
    .map((peer) => ({
      side: summarizeSide(peer, batchSize),
      ratio: ratioOf(ours!, peer, 'times'),
      processorRatio: ratioOf(ours!, peer, 'processor'),
    }))
    .sort((a, b) => a.side.stepMs.median - b.side.stepMs.median)
  const [best, ...otherPeers] = compared
  return {
    table: row.table.id,
    row: row.name,
    batchSize,
    imageShape,
    engine,
    ours: summarizeSide(ours!, batchSize),
    peer: best?.side ?? null,
    ratio: best?.ratio ?? null,
    processorRatio: best?.processorRatio ?? null,
    otherPeers,
    firstLossDifference: best === undefined ? null : Math.abs(ready.losses[0]! - best.side.losses[0]!),
  }
}

const ratioOf = (ours: MeasuredSide, peer: MeasuredSide, clock: 'times' | 'processor'): Ratio =>
  pairedRatios(
    ours.turns.map((turn) => turn[clock]),
    peer.turns.map((turn) => turn[clock]),
  )

function summarizeSide({ label, side, turns }: MeasuredSide, batchSize: number): SideResult {
  const { version, threads, notes, losses, compileSeconds } = side.ready
  const stepMs = spreadOfTurns(turns.map((turn) => turn.times))
  const first = turns[0]!
  const last = turns.at(-1)!
  return {
    name: [side.ready.name, label].filter(Boolean).join(', '),
    version,
    threads,
    notes,
    stepMs,
    processorMs: spreadOfTurns(turns.map((turn) => turn.processor)),
    imagesPerSecond: invertSpread(stepMs, batchSize * 1000),
    turnsMs: turns.map((turn) => turn.times),
    peakResidentBytes: last.peakResident,
    residentBytes: {
      first: first.resident[0]!,
      last: last.resident.at(-1)!,
      turns: turns.map((turn) => turn.resident.at(-1)!),
    },
    tensors:
      first.tensors === undefined || last.tensors === undefined
        ? null
        : {
            first: first.tensors.first,
            last: last.tensors.last,
            flat:
              first.tensors.first.numTensors === last.tensors.last.numTensors &&
              first.tensors.first.numBytes === last.tensors.last.numBytes,
          },
    startToFirstStepSeconds: side.startToFirstStep,
    ...(compileSeconds === undefined ? {} : { compileSeconds }),
    losses,
  }
}
