import { rm } from 'node:fs/promises'
import { type Dataset, type Json, listParams, TricklabError } from '@tricklab/core'
import { hashWeights, loadCheckpoint, saveWeights } from '@tricklab/core/checkpoint'
import type { Scores } from '@tricklab/core/contracts'
import { removeTemporaries } from '@tricklab/core/files'
import type { BoundCallback } from '@tricklab/core/loop'
import type { Row } from '@tricklab/core/recipe'
import type * as tf from '@tricklab/core/tf'
import type { Engine, EngineName, Precision } from '@tricklab/engine'
import { type Limits, openRow, type ProgressSink, trainRow } from '@tricklab/train'
import { createCheckpointer } from './checkpointer.ts'
import { describeOrigin } from './environment.ts'
import { bindHarness } from './harness.ts'
import { createLiveReport, type ReportWriter } from './live-report.ts'
import { createRecorder } from './recorder.ts'
import { readEnd, setStatus } from './run-folder.ts'
import { seedFiles } from './seed-files.ts'
import { lockSeed, type SeedLock } from './seed-lock.ts'
import { startAnew } from './start-anew.ts'
import { openTrackers, type Tracking } from './trackers.ts'
import { createWaitClock } from './wait-clock.ts'

/**
 * The unit of work: one seed of one row, in one run folder. Idempotent and resumable. It is data: as a line of JSON it says
 * all that another process or machine needs to train the seed.
 */
export interface Job {
  /** How the table is found: its id, or the path of its file. */
  readonly reference: string
  readonly row: string
  readonly recipeHash: string
  /** Of a row that its table does not have, such as one without a trick. */
  readonly recipe?: Json
  readonly seed: number
  readonly engine: EngineName
  readonly precision: Precision
  readonly threads: number
  readonly limits: Limits
  readonly dataPaths: readonly string[]
  /** Run folder; the job writes only files of its own seed. */
  readonly folder: string
  readonly resume: boolean
  readonly checkpointMinutes: number
  /** Who is told of the training. */
  readonly tracking?: Tracking
}

/** What a job is trained with, where it is trained. */
export interface JobSite {
  readonly row: Row
  readonly engine: Engine
  readonly dataset: Dataset
  readonly progress: ProgressSink
  readonly signal: AbortSignal
  /** Writes the report of the run, after the epochs; absent: it is not written. */
  readonly report?: ReportWriter | undefined
}

const identityOf = ({ row, recipeHash, seed, engine }: Job, { table }: Row) => ({
  table: table.id,
  row,
  recipeHash,
  seed,
  engine,
})

/**
 * Trains one seed to the end, stage by stage, and returns its final validation scores; of one that has ended what it
 * ended with. No other process can train the seed meanwhile.
 * @errors all of `fit`, E_CHECKPOINT_*, E_RUN_LOCKED, E_RUN_LOST
 */
export async function runJob(job: Job, site: JobSite): Promise<Scores> {
  const { seed, folder } = job
  const lock = lockSeed(job)
  try {
    // Another process may have ended the seed since this one was told to train it.
    const end = readEnd(folder, seed)
    if (end !== undefined) return end.result
    await setStatus(folder, seed, 'running')
    const result = await train(job, site, lock)
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

async function train(job: Job, site: JobSite, { confirm }: SeedLock): Promise<Scores> {
  const { seed, folder, limits } = job
  const { row, engine, dataset, progress, signal, report } = site
  const files = seedFiles(folder, seed)
  for (const file of [files.checkpoint, files.weights]) await removeTemporaries(file)
  const opened = await openRow(row, { seed, dataset, limits, progress, signal })
  try {
    const clock = createWaitClock()
    const recorder = createRecorder({
      path: files.log,
      seed,
      origin: describeOrigin(engine),
      waited: clock.take,
      confirm,
    })
    const from = job.resume ? await loadCheckpoint(files.checkpoint, identityOf(job, row)) : undefined
    if (from === undefined) startAnew(job, progress)
    const { scores, end, weightsOf } = await trainRow(opened, {
      callbacks: (snapshot) => {
        const checkpoints = {
          path: files.checkpoint,
          identity: identityOf(job, row),
          everyMinutes: job.checkpointMinutes,
        }
        return [
          ...bindHarness(recorder.callback, createCheckpointer({ ...checkpoints, snapshot, confirm, signal })),
          // Only looks on, so it is no part of the order of hooks that the manifest holds.
          ...(report === undefined ? [] : [bindLiveReport(() => report(folder), progress)]),
        ]
      },
      from,
      trackers:
        job.tracking === undefined
          ? []
          : openTrackers(job.tracking, folder, seed, (message) => progress({ kind: 'notice', message })),
      through: clock.clocked,
      onStop: recorder.stopped,
    })
    const { predictor } = row.recipe
    if (predictor !== undefined) recorder.predicted({ predictor: predictor.use, result: scores })
    const weights = Object.fromEntries(
      listParams(opened.model.params).map(({ path: name, value }) => [name, value as tf.Tensor]),
    )
    confirm()
    await saveWeights(files.weights, weights, { table: row.table.id, row: row.name, recipeHash: row.hash })
    recorder.end({
      step: end.step,
      result: scores,
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      ...(weightsOf === undefined ? {} : { weightsOf }),
      weights: await hashWeights(weights),
    })
    // Only now is the checkpoint of no use: whatever was killed before resumes from it and writes the same again.
    await rm(files.checkpoint, { force: true })
    return scores
  } finally {
    await opened.dispose()
  }
}

const bindLiveReport = (...given: Parameters<typeof createLiveReport>): BoundCallback => ({
  name: 'live-report',
  stage: 'checkpoint',
  callback: createLiveReport(...given),
})
