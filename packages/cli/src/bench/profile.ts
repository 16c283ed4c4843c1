/** `bench profile`: where the time of a training step goes. */
import type { Engine, EngineName, EngineOptions } from '@tricklab/engine'
import { prepareEngine } from '@tricklab/engine'
import { again, createScriptedLoop, holdBatches, type ProgressSink } from '@tricklab/train'
import { type BenchEnvironment, describeBenchEnvironment } from './environment.ts'
import { isConvolution, type KernelTime, watchKernels } from './kernel-times.ts'
import { matmulSize, measureCopy, measureMatmul } from './matmul-speed.ts'
import { median } from './statistics.ts'
import type { BenchTarget } from './targets.ts'

export interface ProfiledKernel extends KernelTime {
  readonly msPerStep: number
  /** Of the whole step. */
  readonly share: number
  /** For convolutions and matrix products. */
  readonly gflops: number | null
  /**
   * The least time that this machine allows over the time that it takes: that of a large matrix product of as many
   * operations, or that of copying as many bytes, whichever is longer. Above 1 where its data was still in a cache. Null for
   * kernels of at most 2 % of the step, and where times are of submitting work only.
   */
  readonly limit: { readonly share: number; readonly by: 'arithmetic' | 'memory' } | null
}

export interface ProfileResult {
  readonly command: 'bench profile'
  readonly date: string
  readonly environment: BenchEnvironment
  readonly table: string
  readonly row: string
  readonly engine: Engine
  readonly batchSize: number
  readonly steps: number
  /** True when times are of submitting work to a device, not of its work. */
  readonly asynchronous: boolean
  /** Median step without anything between TF.js and its kernels. */
  readonly plainStepMs: number
  /** Mean step while kernels were timed; the difference to `plainStepMs` is what timing costs. */
  readonly stepMs: number
  readonly kernels: readonly ProfiledKernel[]
  readonly kernelsPerStep: number
  readonly outsideMsPerStep: number
  readonly convolution: {
    /** Multiply-accumulates of one image, forward. */
    readonly macsPerImage: number
    /** Three times the forward work, two operations each, over the time of the convolution kernels. */
    readonly gflops: number
    readonly msPerStep: number
  }
  readonly matmul: { readonly size: number; readonly gflops: number }
  readonly copy: { readonly gigabytesPerSecond: number }
}

export interface ProfileOptions {
  readonly engine: readonly [EngineName | 'auto', EngineOptions]
  readonly dataPaths: readonly string[]
  readonly steps: number
  readonly warmup: number
}

/** Kernels of less than this share of a step are not set against their limit. */
const listedShare = 0.02

/** @param matmul GFLOP/s @param copy GB/s */
function limitOf({ ms, macs, bytes }: KernelTime, matmul: number, copy: number): ProfiledKernel['limit'] {
  const [arithmeticMs, memoryMs] = [(2 * macs) / (matmul * 1e6), bytes / (copy * 1e6)]
  const share = Math.max(arithmeticMs, memoryMs) / ms
  return { share, by: arithmeticMs > memoryMs ? 'arithmetic' : 'memory' }
}

/** Profiles a row on an engine, in this process. @errors those of engines and datasets */
export async function benchProfile(
  { row }: BenchTarget,
  { dataPaths, steps, warmup, ...options }: ProfileOptions,
  progress: ProgressSink,
): Promise<ProfileResult> {
  const environment = describeBenchEnvironment()
  const engine = await prepareEngine(...options.engine)
  const loop = await createScriptedLoop(row, { dataPaths, progress })
  const [batch] = await holdBatches(loop, 1)
  const plain: number[] = []
  let total = 0
  let kernels: KernelTime[] = []
  await loop.run(async function* () {
    for (let i = 0; i < warmup; i++) yield again(batch!)
    for (let i = 0; i < steps; i++) {
      const start = performance.now()
      yield again(batch!)
      plain.push(performance.now() - start)
    }
    const watch = watchKernels()
    try {
      const start = performance.now()
      for (let i = 0; i < steps; i++) yield again(batch!)
      await loop.settle()
      total = performance.now() - start
    } finally {
      kernels = watch.stop()
    }
  })
  const [matmul, copy] = [await measureMatmul(), await measureCopy()]
  const asynchronous = engine.name === 'webgpu'
  const inside = kernels.reduce((sum, { ms }) => sum + ms, 0)
  const convolutionMs = kernels.reduce((sum, { ms, kernel }) => sum + (isConvolution(kernel) ? ms : 0), 0)
  const { model } = loop.learner.parts
  const macsPerImage = model.macs(model.inputShape)
  const result: ProfileResult = {
    command: 'bench profile',
    date: new Date().toISOString(),
    environment,
    table: row.table.id,
    row: row.name,
    engine,
    batchSize: batch!.size,
    steps,
    asynchronous,
    plainStepMs: median(plain),
    stepMs: total / steps,
    kernels: kernels.map((kernel) => ({
      ...kernel,
      msPerStep: kernel.ms / steps,
      share: kernel.ms / total,
      gflops: kernel.macs === 0 ? null : (2 * kernel.macs) / (kernel.ms * 1e6),
      limit: asynchronous || kernel.ms <= listedShare * total ? null : limitOf(kernel, matmul, copy),
    })),
    kernelsPerStep: kernels.reduce((sum, { calls }) => sum + calls, 0) / steps,
    outsideMsPerStep: (total - inside) / steps,
    convolution: {
      macsPerImage,
      gflops: (macsPerImage * batch!.size * steps * 2 * 3) / (convolutionMs * 1e6),
      msPerStep: convolutionMs / steps,
    },
    matmul: { size: matmulSize, gflops: matmul },
    copy: { gigabytesPerSecond: copy },
  }
  await loop.dispose()
  return result
}
