/** Made-up records for tests: complete, consistent, and shaped like real ones. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRng, type Json } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import { SmoothLoss } from '@tricklab/core/loop'
import type { LogLine, Manifest, Reported } from '../src/record/types.ts'

export interface FakeOptions {
  readonly table?: string
  readonly title?: string
  readonly row?: string
  readonly seeds?: readonly number[]
  readonly epochs?: number
  readonly trainSize?: number
  readonly batchSize?: number
  readonly dropLast?: boolean
  /** Instead of `epochs` and `batchSize`: a row with stages. */
  readonly stages?: readonly { readonly epochs: number; readonly batchSize: number }[]
  readonly reported?: Reported | null
  readonly tolerance?: number | null
  /** Mean accuracy of the last epoch. */
  readonly accuracy?: number
  /** Standard deviation of the accuracy over the seeds. */
  readonly sd?: number
  readonly partial?: Manifest['partial']
  /** Callbacks of the recipe, in the order in which they run before a batch. */
  readonly callbacks?: readonly ({ readonly use: string } & { readonly [option: string]: Json })[]
  readonly classes?: number
}

export interface FakeRecord {
  manifest: Manifest
  logs: { [seed: string]: LogLine[] }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))
const started = Date.parse('2026-03-01T09:00:00.000Z')
const at = (seconds: number) => new Date(started + 1000 * seconds).toISOString()

/** A record of FashionMNIST's first row, unless told otherwise. */
export function fakeRecord(options: FakeOptions = {}): FakeRecord {
  const seeds = options.seeds ?? [1, 2, 3]
  const logs = Object.fromEntries(seeds.map((seed) => [String(seed), fakeLog(seed, options)]))
  return { manifest: fakeManifest(options, seeds), logs }
}

/** Writes a record into `folder` (a new temporary one by default) and returns the folder. */
export async function writeFakeRecord({ manifest, logs }: FakeRecord, folder?: string): Promise<string> {
  const target = folder ?? (await mkdtemp(path.join(tmpdir(), 'tricklab-record-')))
  await mkdir(target, { recursive: true })
  await writeFile(path.join(target, 'manifest.json'), JSON.stringify(manifest, null, 2))
  for (const [seed, lines] of Object.entries(logs)) {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    await writeFile(path.join(target, `seed-${seed}.jsonl`), text)
  }
  return target
}

function fakeManifest(options: FakeOptions, seeds: readonly number[]): Manifest {
  const { epochs = 3, batchSize = 512, dropLast = false, trainSize = 60_000 } = options
  const recipe: Json = {
    data: {
      dataset: { use: 'fashion-mnist' },
      normalize: { kind: 'sample-scalar', images: 100 },
      shuffle: false,
      dropLast,
    },
    model: {
      skeleton: { use: 'slowai-deeper-cnn', channels: [8, 16, 32, 64, 128] },
      slots: { block: { use: 'conv' }, pool: { use: 'none' } },
    },
    loss: { use: 'cross-entropy', labelSmoothing: 0 },
    optimizer: { use: 'adamw', learningRate: 0.01, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01 },
    schedule: { use: 'one-cycle', warmup: 0.3, startDivisor: 25, endDivisor: 10_000, cycleMomentum: true },
    metrics: [{ use: 'accuracy', average: 'macro' }],
    callbacks: [...(options.callbacks ?? [])],
    epochs,
    batchSize,
    ...(options.stages && { stages: options.stages.map((stage) => ({ ...stage, data: { dropLast } })) }),
  }
  return {
    schema: 1,
    table: options.table ?? 'fashionmnist-resnets',
    title: options.title ?? 'FashionMNIST, 3 epochs: plain, residual and doubled convolutions',
    source: 'SlowAI, "ResNets"',
    row: options.row ?? 'conv',
    recipeHash: hashJson(recipe),
    recipe,
    reported: options.reported === undefined ? documented : options.reported,
    tolerance: options.tolerance === undefined ? 0.015 : options.tolerance,
    partial: options.partial ?? null,
    seeds: [...seeds],
    dataset: {
      name: 'fashion-mnist',
      digest: '5cf0562c46b89a77940b86f40a9a4325e7bed59d53ec555c4d14f0bed41ca53a',
      train: trainSize,
      valid: 10_000,
      classes: options.classes ?? 10,
    },
    engine: { name: 'wasm', version: '4.22.0', device: 'cpu', threads: 4, precision: 'f32', details: 'SIMD, threads' },
    environment: {
      node: 'v20.20.0',
      tfjs: '4.22.0',
      os: 'Linux 6.1 x64',
      cpu: 'A processor with a long name @ 2.60 GHz',
      cores: 4,
      memoryGiB: 16,
      commit: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
      dirty: null,
      lockfile: 'c0'.repeat(32),
      plugins: { data: '0.1.0', nn: '0.1.0', optim: '0.1.0' },
    },
    hooks: {
      beforeFit: ['recorder', 'meter'],
      beforeEpoch: ['recorder', 'meter'],
      ...(options.callbacks && { beforeBatch: options.callbacks.map(({ use }) => use) }),
      afterBatch: ['recorder', 'meter', 'checkpointer'],
      afterEpoch: ['recorder', 'meter', 'checkpointer'],
      cleanup: ['recorder'],
    },
    started: at(0),
    ended: at(10_000),
    status: Object.fromEntries(seeds.map((seed) => [String(seed), 'done' as const])),
  }
}

/** What the page reports for its first model. */
export const documented: Reported = {
  metric: 'accuracy',
  runs: [0.895],
  curve: {
    train: { accuracy: [0.783, 0.885, 0.913], loss: [0.764, 0.364, 0.271] },
    valid: { accuracy: [0.818, 0.873, 0.895], loss: [0.544, 0.366, 0.314] },
  },
}

function fakeLog(seed: number, options: FakeOptions): LogLine[] {
  const { epochs = 3, batchSize = 512, dropLast = false, trainSize = 60_000, accuracy = 0.897, sd = 0.003 } = options
  const plan = (options.stages ?? [{ epochs, batchSize }]).flatMap((stage, index) => {
    const batches = dropLast ? Math.floor(trainSize / stage.batchSize) : Math.ceil(trainSize / stage.batchSize)
    const named = options.stages === undefined ? {} : { stage: index }
    return Array.from({ length: stage.epochs }, () => ({ named, batches, batchSize: stage.batchSize }))
  })
  const total = plan.reduce((sum, { batches }) => sum + batches, 0)
  const noise = createRng(seed).at('noise')
  const shift = sd * createRng(seed).at('shift').normal()
  const lines: LogLine[] = [{ event: 'start', seed, time: at(seed) }]
  let step = 0
  let seconds = 0
  let running = new SmoothLoss()
  let stageStart = 0
  for (const [epoch, { named, batches, batchSize }] of plan.entries()) {
    if (epoch > 0 && named.stage !== plan[epoch - 1]!.named.stage) {
      running = new SmoothLoss()
      stageStart = step
    }
    const stageTotal = plan.reduce((sum, other) => sum + (other.named.stage === named.stage ? other.batches : 0), 0)
    let [lossSum, samples, spent] = [0, 0, 0]
    for (let index = 0; index < batches; index++) {
      const size = Math.min(batchSize, trainSize - index * batchSize)
      const done = (step + 0.5) / total
      const loss = Math.fround(trainLoss(done, plan.length) * Math.exp(0.1 * noise.normal()))
      const rates = oneCycle(step - stageStart, stageTotal)
      const duration = round(0.3 + 0.02 * noise.uniform(), 4)
      step += 1
      lossSum += loss * size
      samples += size
      spent += duration
      running.add(loss)
      lines.push({ event: 'step', ...named, epoch, step, size, loss, ...rates, seconds: duration })
    }
    const progress = (epoch + 1) / plan.length
    const valid = {
      loss: round(trainLoss(progress, plan.length) + 0.06 + 0.01 * noise.normal(), 4),
      accuracy: epoch === plan.length - 1 ? round(accuracy + shift, 4) : curve(progress, accuracy, noise.normal()),
    }
    const train = {
      loss: lossSum / samples,
      accuracy: curve(progress - 0.4 / plan.length, accuracy + 0.02, 0),
      ...(options.stages && { smoothLoss: running.compute() }),
    }
    seconds = round(seconds + spent + 4, 4)
    const took = round(spent + 4, 4)
    lines.push({ event: 'epoch', ...named, epoch, step, train, valid, seconds: took, waited: round(took / 50, 6) })
  }
  const result = (lines.at(-1) as { valid: Record<string, number> }).valid
  const weights = hashJson(['weights', seed])
  lines.push({ event: 'end', step, time: at(seed + seconds), seconds, result, peakMemoryMiB: 512, weights })
  return lines
}

const trainLoss = (done: number, epochs: number) =>
  0.22 + 0.45 * Math.exp(-3 * done) + 1.6 * Math.exp(-done * Math.min(40, 8 * epochs))

const curve = (done: number, last: number, noise: number) =>
  round(last - 0.11 * Math.exp(-2.5 * done) * (1 - done) ** 0.5 + 0.004 * noise * (1 - done), 4)

/** PyTorch's OneCycleLR with a peak of 0.01 and its other defaults. */
function oneCycle(step: number, total: number): { learningRate: number; momentum: number } {
  const turn = 0.3 * total - 1
  const between = (from: number, to: number, done: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * done))
  if (step <= turn)
    return { learningRate: between(4e-4, 0.01, step / turn), momentum: between(0.95, 0.85, step / turn) }
  const done = (step - turn) / (total - 1 - turn)
  return { learningRate: between(0.01, 4e-8, done), momentum: between(0.85, 0.95, done) }
}
