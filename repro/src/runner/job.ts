import { rm } from 'node:fs/promises'
import {
  type BoundCallback,
  createRng,
  type FitResult,
  type FitStart,
  fit,
  type Learner,
  type Row,
  type Scores,
  type Snapshot,
  stageOf,
  startOf,
  type TrainingEnd,
  TricklabError,
} from '@tricklab/core'
import { hashWeights, loadCheckpoint, removeTemporaries, saveWeights } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { createCheckpointer } from '../callbacks/checkpointer.ts'
import { createMeter } from '../callbacks/meter.ts'
import { createRecorder } from '../callbacks/recorder.ts'
import type { Limits } from '../record/types.ts'
import { createStageLearner, type LearnerServices, type OpenStage } from './learner.ts'
import { predict } from './predict.ts'
import { readEnd, setStatus } from './run-folder.ts'
import { seedFiles } from './seed-files.ts'
import { lockSeed, type SeedLock } from './seed-lock.ts'
import { checkLastBatch, checkParamGroups, checkStages, disposeStages, openStages } from './stages.ts'
import { startAnew } from './start-anew.ts'
import { createStartModel } from './start-weights.ts'
import { createWaitClock } from './wait-clock.ts'

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

export type JobServices = LearnerServices

/** The harness's own callbacks: log, progress, checkpoints. They touch no file before the fit begins. */
export function createHarness(
  job: Job,
  { progress, signal }: Omit<JobServices, 'dataset'>,
  snapshot: () => Snapshot,
  stages: readonly OpenStage[] = [],
  { waited = () => 0, confirm = () => {} }: { waited?: () => number; confirm?: SeedLock['confirm'] } = {},
) {
  const files = seedFiles(job.folder, job.seed)
  const recorder = createRecorder({ path: files.log, seed: job.seed, waited, confirm })
  const checkpointer = createCheckpointer({
    path: files.checkpoint,
    identity: identityOf(job),
    snapshot,
    confirm,
    everyMinutes: job.checkpointMinutes,
    signal,
  })
  const callbacks: BoundCallback[] = [
    { name: 'recorder', stage: 'log', callback: recorder.callback },
    { name: 'meter', stage: 'log', callback: createMeter(jobName(job), progress, stages) },
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

/** Where a stage begins, which only its place in the training and the end of the one before decide. */
function beginning(
  { start }: OpenStage,
  end: TrainingEnd | undefined,
  snapshot: Snapshot | undefined,
): FitStart | undefined {
  if (start === undefined) return undefined
  if (snapshot !== undefined) return startOf(snapshot) ?? start
  return end === undefined ? start : { ...start, epoch: end.epoch + 1, step: end.step }
}

/**
 * Trains one seed to the end, stage by stage, and returns its final validation scores; of one that has ended what it
 * ended with. No other process can train the seed meanwhile.
 * @errors all of `fit`, E_CHECKPOINT_*, E_RUN_LOCKED, E_RUN_LOST
 */
export async function runJob(job: Job, services: JobServices): Promise<Scores> {
  const { seed, folder } = job
  const lock = lockSeed(job)
  try {
    // Another process may have ended the seed since this one was told to train it.
    const end = readEnd(folder, seed)
    if (end !== undefined) return end.result
    await setStatus(folder, seed, 'running')
    const result = await train(job, services, lock)
    await setStatus(folder, seed, 'done')
    return result
  } catch (error) {
    const stopped = error instanceof TricklabError && error.exitCode === 3
    // A full disk may be why the seed stopped; the reason matters more than a manifest that lags behind.
    await setStatus(folder, seed, stopped ? 'stopped' : 'failed').catch(() => {})
    throw error
  } finally {
    lock.release()
  }
}

async function train(job: Job, services: JobServices, { confirm }: SeedLock): Promise<Scores> {
  const { row, seed, folder, limits } = job
  const files = seedFiles(folder, seed)
  for (const file of [files.checkpoint, files.weights]) await removeTemporaries(file)
  const stages = await openStages(row, limits, services.dataset, createRng(seed), services.progress)
  const model = await createStartModel(row, seed, stages[0].source).catch(async (error) => {
    await disposeStages(stages)
    throw error
  })
  let learner: Learner | undefined
  try {
    checkStages(model, stages)
    checkParamGroups(model, stages)
    checkLastBatch(model, stages)
    const clock = createWaitClock()
    const harness = createHarness(job, services, () => learner!.snapshot(), stages, { waited: clock.take, confirm })
    let snapshot = job.resume ? await loadCheckpoint(files.checkpoint, identityOf(job)) : undefined
    if (snapshot === undefined) startAnew(job, services.progress)
    let result: Scores = {}
    // A stage begins where the one before it ended, which a callback may have made sooner than planned.
    let end: TrainingEnd | undefined
    let weightsOf: Pick<FitResult, 'weightsOf'> = {}
    for (const stage of stages.slice(snapshot === undefined ? 0 : stageOf(snapshot))) {
      learner?.dispose()
      const clocked = { ...stage, source: clock.clocked(stage.source), start: beginning(stage, end, snapshot) }
      learner = createStageLearner(clocked, model, seed, services, harness.callbacks)
      if (snapshot !== undefined) {
        await learner.restore(snapshot)
        tf.dispose(Object.values(snapshot.tensors))
        snapshot = undefined
      }
      const { train: _, valid, stopped, ...rest } = await fit(learner, { followed: stage !== stages.at(-1) })
      result = valid
      weightsOf = rest
      end = { epoch: learner.position.epoch - 1, step: learner.position.step }
      if (stopped === undefined) continue
      harness.recorder.stopped({ ...end, reason: stopped })
      services.progress({ kind: 'notice', message: `${jobName(job)}: ended in epoch ${end.epoch + 1}. ${stopped}.` })
    }
    const { params, position } = learner!
    const { predictor } = row.recipe
    if (predictor !== undefined) {
      result = await predict(stages, model, { seed, limits, predictor, end: end! }, services)
      harness.recorder.predicted({ predictor: predictor.use, result })
    }
    const weights = Object.fromEntries(params.map(({ path: name, value }) => [name, value as tf.Tensor]))
    confirm()
    await saveWeights(files.weights, weights, { table: row.table.id, row: row.name, recipeHash: row.hash })
    harness.recorder.end({
      step: position.step,
      result,
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      ...weightsOf,
      weights: await hashWeights(weights),
    })
    // Only now is the checkpoint of no use: whatever was killed before resumes from it and writes the same again.
    await rm(files.checkpoint, { force: true })
    services.progress({ kind: 'done', job: jobName(job) })
    return result
  } finally {
    learner?.dispose()
    model.dispose()
    await disposeStages(stages)
  }
}
