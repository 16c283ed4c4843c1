/** `bench layer conv` and `depthwise`: convolutions of networks, against PyTorch's and against the machine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import * as tf from '@tricklab/core/tf'
import { type Engine, type EngineName, type EngineOptions, prepareEngine } from '@tricklab/engine'
import { type ProcessorTurn, type Ready, type Side, type SideCommand, startSide } from '@tricklab/repro'
import { type ConvolutionLayer, createConvolutionLayer, type Pass, workOf } from './convolution-layer.ts'
import { type ConvolutionShape, denseShapes, efficientnetShapes } from './convolution-shapes.ts'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import { matmulSize } from './matmul-speed.ts'
import { keptPages, torchSide } from './python.ts'
import { draw, type Times, time, warmup } from './runs.ts'
import { median, pairedRatios, type Spread, spreadOfTurns } from './statistics.ts'

/** How many times as fast as the peer ours has to be. */
const wanted = 1

export const convolutionKinds = ['conv', 'depthwise'] as const
/** Dense ones, those of the residual networks; or one channel at a time, those of EfficientNet-B0. */
export type ConvolutionKind = (typeof convolutionKinds)[number]

export interface ConvolutionOptions {
  readonly engine: readonly [EngineName | 'auto', EngineOptions]
  readonly peer: 'torch' | 'none'
  readonly batch: number
  /** Default: those of the kind's networks at 128 px. */
  readonly shapes?: readonly ConvolutionShape[]
  readonly turns: number
  readonly steps: number
}

const formats = ['contiguous', 'channels-last'] as const
type Format = (typeof formats)[number]

/** One side: by the clock, and by the processor time of all threads. @unit milliseconds */
export interface SideTimes {
  readonly ms: Spread
  readonly processorMs: Spread
}

/** One pass of one shape. */
export interface MeasuredConvolution extends ConvolutionShape {
  readonly pass: Pass
  /** Calls that a timed step consists of; times are those of one. */
  readonly calls: number
  readonly ours: SideTimes
  /**
   * The least that the machine allows, in processor time: to copy as many bytes as a pass must read and write, or to do
   * its arithmetic at the speed of a large matrix product; whichever takes longer.
   */
  readonly bound: {
    readonly memoryMs: number
    readonly arithmeticMs: number
    /** The bound over our time: 1 is as fast as can be. */
    readonly reached: number
  }
  readonly peer:
    | (SideTimes & {
        /** The faster one, and what told. */
        readonly format: Format
        readonly probedMs: { readonly [F in Format]: number }
        /** peer / ours of pairs of turns. */
        readonly ratio: Spread
        readonly processorRatio: Spread
        /** Largest difference of output and gradients, by the largest of the peer's. */
        readonly difference: number
      })
    | null
}

export interface ConvolutionResult {
  readonly command: 'bench layer'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly layer: ConvolutionKind
  readonly engine: Engine
  readonly options: Omit<ConvolutionOptions, 'engine' | 'shapes'>
  readonly wanted: number
  readonly peer: { readonly name: string; readonly version: string; readonly threads: number } | null
  /** One matrix product of 1024 × 1024 × 1024, by processor time. @unit GFLOP/s */
  readonly matmulSpeed: number
  readonly measured: readonly MeasuredConvolution[]
}

/** A timed step lasts at least so long: shorter ones are below what clocks of processor time tell. */
const leastStepMs = 10

/** Between turns: the threads of a side that has just been busy spin for a while before they sleep. */
const pauseMs = 50

interface PeerReady extends Ready {
  readonly difference: number
}

/** Measures ours in this process and the peer in another. @errors E_PEER_UNAVAILABLE, E_WORKER, those of engines */
export async function benchConvolutions(
  kind: ConvolutionKind,
  { engine: choice, shapes: given, ...options }: ConvolutionOptions,
  onProgress: (what: string) => void,
): Promise<ConvolutionResult> {
  const environment = describeBenchEnvironment()
  const command =
    options.peer === 'torch' ? { ...torchSide('PyTorch', 'convolution-peer.py'), env: keptPages } : undefined
  const engine = await prepareEngine(...choice)
  const shapes = given ?? (kind === 'depthwise' ? efficientnetShapes() : await denseShapes())
  const matmulSpeed = await measureMatmulSpeed()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tricklab-bench-'))
  const measured: MeasuredConvolution[] = []
  let ready: PeerReady | undefined
  try {
    for (const shape of shapes) {
      const layer = createConvolutionLayer(shape, options.batch)
      const peer = command && (await startPeer(command, layer, engine, path.join(folder, 'share')))
      ready = peer?.ready
      try {
        for (const pass of layer.passes) {
          const { size, channels, outputs, kernelSize } = shape
          const width = outputs === undefined ? `${channels}` : `${channels} to ${outputs}`
          onProgress(`${kind}, ${width} channels at ${size} px, ${kernelSize} × ${kernelSize}, ${pass}`)
          measured.push(await measurePass(layer, pass, peer, matmulSpeed, options))
        }
      } finally {
        await peer?.close()
        layer.dispose()
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return {
    command: 'bench layer',
    date: new Date().toISOString(),
    environment,
    layer: kind,
    engine,
    options,
    wanted,
    peer: ready === undefined ? null : { name: ready.name, version: ready.version, threads: ready.threads },
    matmulSpeed,
    measured,
  }
}

/** Gives the peer our inputs, and our results for comparison. */
async function startPeer(
  command: SideCommand,
  layer: ConvolutionLayer,
  { threads, precision }: Engine,
  share: string,
): Promise<Side<PeerReady>> {
  const { inputs, gradient, shape, padding, passes } = layer
  const results = tf.tidy(() => passes.flatMap((pass) => layer.run(pass)))
  const numbers = await Promise.all([...inputs, gradient, ...results].map((tensor) => tensor.data()))
  tf.dispose(results)
  await writeFile(
    share,
    Buffer.concat(numbers.map((values) => new Uint8Array((values as Float32Array).slice().buffer))),
  )
  const shapes = [...inputs, gradient].map((tensor) => tensor.shape)
  const [stride, depthwise] = [shape.stride, shape.outputs === undefined]
  return startSide<PeerReady>(command, {
    share,
    shapes,
    stride,
    padding,
    depthwise,
    passes,
    precision,
    threads,
    warmup,
  })
}

async function measurePass(
  layer: ConvolutionLayer,
  pass: Pass,
  peer: Side<PeerReady> | undefined,
  matmulSpeed: number,
  { turns, steps }: Pick<ConvolutionOptions, 'turns' | 'steps'>,
): Promise<MeasuredConvolution> {
  const [run, copy] = [() => layer.run(pass), () => [tf.relu(layer.moved)]]
  for (let i = 0; i < warmup; i++) for (const one of [run, copy]) await time(one)
  const calls = Math.max(1, Math.ceil(leastStepMs / (await time(run)).wall))
  const measurePeer = async (format: Format): Promise<Times[]> => {
    const turn = (await peer!.measure(steps, { calls, pass, format })) as ProcessorTurn
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    return turn.times.map((wall, i) => ({ wall, processor: turn.processor[i]! }))
  }
  const measureHere = async (here: typeof run): Promise<Times[]> => {
    const times: Times[] = []
    for (let step = 0; step < steps; step++) times.push(await time(here, calls))
    return times
  }

  const probed: number[] = []
  if (peer !== undefined) {
    for (const each of formats) probed.push(Math.min(...(await measurePeer(each)).map(({ wall }) => wall)))
  }
  const format = formats[probed.indexOf(Math.min(...probed))] ?? 'contiguous'
  const ours: Times[][] = []
  const copies: Times[][] = []
  const theirs: Times[][] = []
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await measureHere(run))
    copies.push(await measureHere(copy))
    if (peer !== undefined) theirs.push(await measurePeer(format))
  }
  const summary = summarize(ours)
  const memoryMs = workOf[pass] * summarize(copies).processorMs.median
  const arithmeticMs = (workOf[pass] * 2 * layer.macs) / (matmulSpeed * 1e6)
  return {
    ...layer.shape,
    pass,
    calls,
    ours: summary,
    bound: { memoryMs, arithmeticMs, reached: Math.max(memoryMs, arithmeticMs) / summary.processorMs.median },
    peer:
      peer === undefined
        ? null
        : {
            ...summarize(theirs),
            format,
            probedMs: { contiguous: probed[0]!, 'channels-last': probed[1]! },
            ratio: ratioOf(ours, theirs, 'wall'),
            processorRatio: ratioOf(ours, theirs, 'processor'),
            difference: peer.ready.difference,
          },
  }
}

const pick = (turns: readonly (readonly Times[])[], key: keyof Times) =>
  turns.map((turn) => turn.map((one) => one[key]))

const summarize = (turns: readonly (readonly Times[])[]): SideTimes => ({
  ms: spreadOfTurns(pick(turns, 'wall')),
  processorMs: spreadOfTurns(pick(turns, 'processor')),
})

function ratioOf(ours: readonly Times[][], peer: readonly Times[][], key: keyof Times): Spread {
  const { turns: _turns, ...spread } = pairedRatios(pick(ours, key), pick(peer, key))
  return spread
}

async function measureMatmulSpeed(): Promise<number> {
  const [a, b] = ['a', 'b'].map((key) => draw(key, [matmulSize, matmulSize]) as tf.Tensor2D) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ]
  const times: number[] = []
  for (let run = 0; run < warmup + 5; run++) times.push((await time(() => [tf.matMul(a, b)])).processor)
  tf.dispose([a, b])
  return (2 * matmulSize ** 3) / (median(times.slice(warmup)) * 1e6)
}
