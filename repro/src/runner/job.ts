import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  type BatchSource,
  type BoundCallback,
  createHooks,
  createModel,
  createRegistry,
  createRng,
  type Dataset,
  fit,
  Learner,
  type Registry,
  type Rng,
  type Row,
  type Scores,
  type Snapshot,
} from '@tricklab/core'
import { hashWeights, loadCheckpoint, saveWeights } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { createBatchSource, type PhotoSetup } from '@tricklab/data'
import { createCheckpointer } from '../callbacks/checkpointer.ts'
import { createMeter } from '../callbacks/meter.ts'
import { createRecorder } from '../callbacks/recorder.ts'
import type { ProgressSink } from '../progress.ts'
import type { Limits } from '../record/types.ts'

/** The unit of work: one seed of one row, in one run folder. Idempotent and resumable. */
export interface Job {
  readonly row: Row
  readonly seed: number
  /** Run folder; the job writes only files of its own seed. */
  readonly folder: string
  readonly engine: string
  readonly limits: Limits
  readonly resume: boolean
  readonly checkpointMinutes: number
}

export interface JobServices {
  readonly dataset: Dataset
  readonly progress: ProgressSink
  readonly signal?: AbortSignal
}

/** Files of one seed in a run folder. */
export const seedFiles = (folder: string, seed: number) => ({
  log: path.join(folder, `seed-${seed}.jsonl`),
  checkpoint: path.join(folder, `checkpoint-${seed}.safetensors`),
  weights: path.join(folder, `seed-${seed}.safetensors`),
})

/** Crops and augmentations of a recipe for photos. */
function createPhotoSetup({ recipe, table }: Row): PhotoSetup | undefined {
  const { train, valid } = recipe.data
  if (train === undefined || valid === undefined) return undefined
  const registry = createRegistry(table.plugins)
  return {
    train: {
      crop: registry.create('crop', train.crop, {}),
      augment: train.augment.map((use) => registry.create('augmentation', use, {})),
    },
    valid: { crop: registry.create('crop', valid.crop, {}) },
  }
}

/** The batches of a row; what is drawn is keyed by the seed. */
export function openSource(row: Row, limits: Limits, dataset: Dataset, rng: Rng) {
  const { batchSize, data } = row.recipe
  return createBatchSource(
    dataset,
    {
      batchSize,
      shuffle: data.shuffle,
      dropLast: data.dropLast,
      normalize: data.normalize,
      photos: createPhotoSetup(row),
      limits: { train: limits.limitTrain, valid: limits.limitValid },
    },
    rng.scope('data'),
  )
}

/** The callbacks that a recipe names, in its order. */
export function bindRecipeCallbacks(row: Row, registry: Registry, source: BatchSource): BoundCallback[] {
  return row.recipe.callbacks.map((use) => ({
    name: use.use,
    stage: registry.component('callback', use.use).stage ?? 'augment',
    callback: registry.create('callback', use, { source }),
  }))
}

/**
 * Builds everything that a row names, for one seed. Everything random is keyed by the seed.
 * @param harness callbacks of the harness, beside those of the recipe
 */
export async function createLearner(
  row: Row,
  seed: number,
  limits: Limits,
  { dataset, progress, signal }: JobServices,
  harness: readonly BoundCallback[] = [],
): Promise<Learner> {
  const { recipe } = row
  const rng = createRng(seed)
  const log = (message: string) => progress({ kind: 'notice', message })
  const registry = createRegistry(row.table.plugins, { rng, log })
  const epochs = limits.epochs ?? recipe.epochs
  const source = await openSource(row, limits, dataset, rng)
  const { imageShape, classes } = source
  const optimizer = recipe.optimizer
  const stepsPerEpoch = source.batches('train')
  const parts = {
    model: createModel(registry, recipe.model, { imageShape, classes: classes.length, init: rng.scope('init') }),
    loss: registry.create('loss', recipe.loss, {}),
    optimizer: registry.create('optimizer', optimizer, {}),
    schedule: registry.create('schedule', recipe.schedule, {
      learningRate: optimizer.learningRate as number,
      totalSteps: stepsPerEpoch * epochs,
      stepsPerEpoch,
    }),
    metrics: recipe.metrics.map((metric) => registry.create('metric', metric, { classes })),
    source,
    epochs,
    rng,
    seed,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Learner(parts, createHooks([...bindRecipeCallbacks(row, registry, source), ...harness]))
}

/** The harness's own callbacks: log, progress, checkpoints. They touch no file before the fit begins. */
export function createHarness(job: Job, { progress, signal }: Omit<JobServices, 'dataset'>, snapshot: () => Snapshot) {
  const files = seedFiles(job.folder, job.seed)
  const recorder = createRecorder(files.log, job.seed)
  const checkpointer = createCheckpointer({
    path: files.checkpoint,
    identity: identityOf(job),
    snapshot,
    everyMinutes: job.checkpointMinutes,
    signal,
  })
  const callbacks: BoundCallback[] = [
    { name: 'recorder', stage: 'log', callback: recorder.callback },
    { name: 'meter', stage: 'log', callback: createMeter(jobName(job), progress) },
    { name: 'checkpointer', stage: 'checkpoint', callback: checkpointer },
  ]
  return { recorder, callbacks }
}

const jobName = ({ row, seed }: Job) => `${row.name} seed ${seed}`

const identityOf = ({ row, seed, engine }: Job) => ({
  table: row.table.id,
  row: row.name,
  recipeHash: row.hash,
  seed,
  engine,
})

/**
 * Trains one seed to the end and returns its final validation scores.
 * @errors all of `fit`, E_CHECKPOINT_*
 */
export async function runJob(job: Job, services: JobServices): Promise<Scores> {
  const { row, seed, folder } = job
  const files = seedFiles(folder, seed)
  const harness = createHarness(job, services, () => learner.snapshot())
  const learner: Learner = await createLearner(row, seed, job.limits, services, harness.callbacks)
  try {
    if (job.resume) {
      const snapshot = await loadCheckpoint(files.checkpoint, identityOf(job))
      if (snapshot !== undefined) {
        learner.restore(snapshot)
        tf.dispose(Object.values(snapshot.tensors))
      }
    }
    const { valid } = await fit(learner)
    const weights = Object.fromEntries(learner.params.map(({ path: name, value }) => [name, value as tf.Tensor]))
    await saveWeights(files.weights, weights, { table: row.table.id, row: row.name, recipeHash: row.hash })
    harness.recorder.end({
      step: learner.position.step,
      result: valid,
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      weights: await hashWeights(weights),
    })
    // Only now is the checkpoint of no use: whatever was killed before resumes from it and writes the same again.
    await rm(files.checkpoint, { force: true })
    services.progress({ kind: 'done', job: jobName(job) })
    return valid
  } finally {
    learner.parts.model.dispose()
    learner.parts.optimizer.dispose()
    await learner.parts.source.dispose?.()
  }
}
