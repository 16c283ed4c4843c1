/** `bench layer depthwise`: the depthwise convolutions of EfficientNet-B0, against PyTorch's and against the machine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import * as tf from '@tricklab/core/tf'
import { type Engine, type EngineName, type EngineOptions, prepareEngine } from '@tricklab/engine'
import { planEfficientnet, variants } from '@tricklab/plugin-mbconv'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import { matmulSize } from './matmul-speed.ts'
import type { ProcessorTurn, Ready } from './messages.ts'
import { keptPages, torchSide } from './python.ts'
import { draw, type Times, time, warmup } from './runs.ts'
import { type Side, type SideCommand, startSide } from './side.ts'
import { median, pairedRatios, type Spread, spreadOfTurns } from './statistics.ts'

/** How many times as fast as the peer ours has to be. */
const wanted = 1

export interface DepthwiseOptions {
  readonly engine: readonly [EngineName | 'auto', EngineOptions]
  readonly peer: 'torch' | 'none'
  readonly batch: number
  /** Default: those of EfficientNet-B0 at 128 px. */
  readonly shapes?: readonly DepthwiseShape[]
  readonly turns: number
  readonly steps: number
}

export interface DepthwiseShape {
  /** Width and height of the images. */
  readonly size: number
  readonly channels: number
  readonly kernelSize: number
  readonly stride: number
}

const passes = ['forward', 'forward and gradients'] as const
type Pass = (typeof passes)[number]

const formats = ['contiguous', 'channels-last'] as const
type Format = (typeof formats)[number]

/** One side: by the clock, and by the processor time of all threads. @unit milliseconds */
export interface SideTimes {
  readonly ms: Spread
  readonly processorMs: Spread
}

/** One shape, forward alone or with both gradients. */
export interface MeasuredDepthwise extends DepthwiseShape {
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

export interface DepthwiseResult {
  readonly command: 'bench layer'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly layer: 'depthwise'
  readonly engine: Engine
  readonly options: Omit<DepthwiseOptions, 'engine' | 'shapes'>
  readonly wanted: number
  readonly peer: { readonly name: string; readonly version: string; readonly threads: number } | null
  /** One matrix product of 1024 × 1024 × 1024, by processor time. @unit GFLOP/s */
  readonly matmulSpeed: number
  readonly measured: readonly MeasuredDepthwise[]
}

const imageSize = 128

/** Every depthwise convolution of EfficientNet-B0 once, in the order of the network. */
export function efficientnetShapes(): DepthwiseShape[] {
  const found = new Map<string, DepthwiseShape>()
  let size = Math.ceil(imageSize / 2)
  for (const { inputChannels, expand, kernelSize, stride } of planEfficientnet(variants['efficientnet-b0']).blocks) {
    const shape = { size, channels: inputChannels * expand, kernelSize, stride }
    found.set(Object.values(shape).join(), shape)
    size = Math.ceil(size / stride)
  }
  return [...found.values()]
}

/** A timed step lasts at least so long: shorter ones are below what clocks of processor time tell. */
const leastStepMs = 10

/** Between turns: the threads of a side that has just been busy spin for a while before they sleep. */
const pauseMs = 50

interface PeerReady extends Ready {
  readonly difference: number
}

/** Measures ours in this process and the peer in another. @errors E_PEER_UNAVAILABLE, E_WORKER, those of engines */
export async function benchDepthwise(
  { engine: choice, shapes = efficientnetShapes(), ...options }: DepthwiseOptions,
  onProgress: (what: string) => void,
): Promise<DepthwiseResult> {
  const environment = describeBenchEnvironment()
  const command =
    options.peer === 'torch' ? { ...torchSide('PyTorch', 'depthwise-peer.py'), env: keptPages } : undefined
  const engine = await prepareEngine(...choice)
  const matmulSpeed = await measureMatmulSpeed()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tricklab-bench-'))
  const measured: MeasuredDepthwise[] = []
  let ready: PeerReady | undefined
  try {
    for (const shape of shapes) {
      const layer = createLayer(shape, options.batch)
      const peer = command && (await startPeer(command, layer, engine.threads, path.join(folder, 'share')))
      ready = peer?.ready
      try {
        for (const pass of passes) {
          const { size, channels, kernelSize } = shape
          onProgress(`depthwise, ${channels} channels at ${size} px, ${kernelSize} × ${kernelSize}, ${pass}`)
          measured.push(await measurePass(layer, pass, peer, matmulSpeed, options))
        }
      } finally {
        await peer?.close()
        tf.dispose([layer.inputs, layer.gradient, layer.moved])
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return {
    command: 'bench layer',
    date: new Date().toISOString(),
    environment,
    layer: 'depthwise',
    engine,
    options,
    wanted,
    peer: ready === undefined ? null : { name: ready.name, version: ready.version, threads: ready.threads },
    matmulSpeed,
    measured,
  }
}

interface Layer {
  readonly shape: DepthwiseShape
  readonly padding: number
  readonly inputs: [tf.Tensor4D, tf.Tensor4D]
  readonly gradient: tf.Tensor4D
  /** Half as many numbers as input and output have: a copy reads and writes as many bytes as a forward pass. */
  readonly moved: tf.Tensor
  /** Multiply-accumulates of a forward pass, without those that only meet padding. */
  readonly macs: number
  readonly apply: (x: tf.Tensor, filter: tf.Tensor) => tf.Tensor4D
}

function createLayer(shape: DepthwiseShape, batch: number): Layer {
  const { size, channels, kernelSize, stride } = shape
  const padding = Math.floor(kernelSize / 2)
  const outputSize = Math.floor((size + 2 * padding - kernelSize) / stride) + 1
  const inputs = [
    draw('x', [batch, size, size, channels]),
    draw('kernel', [kernelSize, kernelSize, channels, 1]),
  ] as Layer['inputs']
  const gradient = draw('gradient', [batch, outputSize, outputSize, channels]) as tf.Tensor4D
  const taps = Array.from({ length: outputSize * kernelSize }, (_, i) => {
    const pixel = Math.floor(i / kernelSize) * stride - padding + (i % kernelSize)
    return Number(pixel >= 0 && pixel < size)
  }).reduce((sum, inside) => sum + inside, 0)
  return {
    shape,
    padding,
    inputs,
    gradient,
    moved: tf.zeros([Math.ceil((inputs[0].size + gradient.size) / 2)]),
    macs: batch * channels * taps ** 2,
    apply: (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, padding),
  }
}

const runOf = ({ inputs, gradient, apply }: Layer, pass: Pass) =>
  pass === 'forward' ? () => [apply(...inputs)] : () => tf.grads(apply)(inputs, gradient)

/** Gives the peer our inputs, and our results for comparison. */
async function startPeer(command: SideCommand, layer: Layer, threads: number, share: string): Promise<Side<PeerReady>> {
  const { inputs, gradient, shape, padding } = layer
  const results = tf.tidy(() => passes.flatMap((pass) => runOf(layer, pass)()))
  const numbers = await Promise.all([...inputs, gradient, ...results].map((tensor) => tensor.data()))
  tf.dispose(results)
  await writeFile(
    share,
    Buffer.concat(numbers.map((values) => new Uint8Array((values as Float32Array).slice().buffer))),
  )
  const shapes = [...inputs, gradient].map((tensor) => tensor.shape)
  return startSide<PeerReady>(command, { share, shapes, stride: shape.stride, padding, threads, warmup })
}

async function measurePass(
  layer: Layer,
  pass: Pass,
  peer: Side<PeerReady> | undefined,
  matmulSpeed: number,
  { turns, steps }: Pick<DepthwiseOptions, 'turns' | 'steps'>,
): Promise<MeasuredDepthwise> {
  const [run, copy] = [runOf(layer, pass), () => [tf.relu(layer.moved)]]
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
  // Each gradient reads and writes as much as the forward pass does, and has as many products.
  const times = pass === 'forward' ? 1 : 3
  const memoryMs = times * summarize(copies).processorMs.median
  const arithmeticMs = (times * 2 * layer.macs) / (matmulSpeed * 1e6)
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
