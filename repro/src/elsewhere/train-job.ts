import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dataset, fail, TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { prepareEngine } from '@tricklab/engine'
import { describeRow, type ProgressSink } from '@tricklab/train'
import { describeOwner, lockOwner } from '../process/file-lock.ts'
import { lockfileHash } from '../runner/environment.ts'
import { type Job, type JobSite, runJob } from '../runner/job.ts'
import { findJobRow } from '../runner/job-row.ts'
import type { ReportWriter } from '../runner/live-report.ts'
import { readEnd, readManifest, updateManifest, withEnd } from '../runner/run-folder.ts'
import { seedFiles } from '../runner/seed-files.ts'
import { type Batch, jobAt } from './batch.ts'

export interface TrainJobOptions {
  /** What the folder must hold, where whoever started the job says so. */
  readonly token?: string | undefined
  readonly progress: ProgressSink
  readonly signal: AbortSignal
  /** Writes the report of the run; absent: it is not written. */
  readonly report?: ReportWriter | undefined
}

/**
 * Trains one job of a batch on this machine, or goes on with it. A job that has ended is left as it is, so it may be
 * given out any number of times.
 * @errors those of runJob; E_JOB where it would not be the same training here, with the name of this machine
 */
export async function trainJob(batch: Batch, index: number, options: TrainJobOptions): Promise<void> {
  refuseOtherFolder(batch, options.token)
  const job = jobAt(batch, index)
  refuseOtherVersion(batch)
  const manifest = manifestOf(job)
  const row = await naming(() => findJobRow(job))
  const { progress, signal, report } = options
  if (readEnd(job.folder, job.seed) === undefined) {
    const engine = await prepareEngine(job.engine, { precision: job.precision, threads: job.threads })
    const { dataPaths } = job
    const dataset = await describeRow(row, { progress }).openDataset({ dataPaths, progress, signal })
    try {
      refuseOtherData(job, dataset, manifest.dataset.digest)
      await whenFree(job, { row, engine, dataset, progress, signal, report })
    } finally {
      dataset.dispose?.()
    }
  }
  await updateManifest(job.folder, (before) => before && withEnd(job.folder, before))
  await report?.(job.folder)
}

/**
 * Runs the job as soon as no other process has its seed. The lock of one that was killed on another machine is stale after
 * minutes; one that is alive may be ending the seed.
 */
async function whenFree(job: Job, site: JobSite): Promise<void> {
  const file = seedFiles(job.folder, job.seed).lock
  for (let told = false; ; ) {
    try {
      await runJob(job, site)
      return
    } catch (error) {
      if (!isLocked(error)) throw error
      const owner = lockOwner(file)
      if (!told && owner !== undefined) {
        const message = `${job.row} seed ${job.seed}: waiting for ${describeOwner(owner)}, which has the seed.`
        site.progress({ kind: 'notice', message })
        told = true
      }
    }
    await sleep(2000, undefined, { signal: site.signal }).catch(() => failStopped(job))
  }
}

const isLocked = (error: unknown) => error instanceof TricklabError && error.code === 'E_RUN_LOCKED'

function failStopped({ row, seed }: Job): never {
  fail('E_INTERRUPTED', {
    what: `${row} seed ${seed} was stopped before it began.`,
    received: 'a signal to stop.',
    fix: 'start the job again.',
  })
}

function refuseOtherFolder({ folder, token }: Batch, expected: string | undefined): void {
  if (expected === undefined || expected === token) return
  fail('E_JOB', {
    what: `${os.hostname()} sees another folder at ${folder} than the machine that handed over the jobs.`,
    expected: `a batch.json with the token ${expected}.`,
    received: `the token ${token}.`,
    fix: 'mount the disk with the runs on this machine at the same place.',
  })
}

function refuseOtherVersion({ lockfile, host }: Batch): void {
  const here = lockfileHash()
  if (here === lockfile) return
  fail('E_JOB', {
    what: `Other versions of packages are installed on ${os.hostname()} than on ${host}, where the jobs come from.`,
    expected: `a lockfile with the hash ${short(lockfile)}.`,
    received: `${short(here)}.`,
    fix: 'use the same checkout of Tricklab and the same lockfile on all machines of a run.',
  })
}

function refuseOtherData({ reference, row }: Job, { digest }: Dataset, expected: string): void {
  if (digest === expected) return
  fail('E_JOB', {
    what: `The dataset of ${reference}, row ${row}, is another one on ${os.hostname()}.`,
    expected: `a dataset with the digest ${short(expected)}.`,
    received: `${short(digest)}.`,
    fix: 'copy the dataset from the machine that handed over the jobs, and name its folder in TRICKLAB_DATA.',
  })
}

function manifestOf({ folder }: Job) {
  const found = readManifest(folder)
  if (typeof found === 'object' && 'manifest' in found) return found.manifest
  return fail('E_JOB', {
    what: `${os.hostname()} cannot read the manifest of the run ${folder}.`,
    expected: 'a manifest.json.',
    received: `${found === 'missing' ? 'no such file' : found.fault}.`,
    fix: 'mount the disk with the runs on this machine, or put the folder back.',
  })
}

/** Whoever reads the error elsewhere must know which of many machines it is about. */
async function naming<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    if (!(error instanceof TricklabError)) throw error
    const [first, ...others] = error.problems.map((problem) => ({
      ...problem,
      what: `On ${os.hostname()}: ${problem.what}`,
    }))
    throw new TricklabError([first as Problem, ...others])
  }
}

const short = (hash: string | null): string => hash?.slice(0, 12) ?? 'none'
