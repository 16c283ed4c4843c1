import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/files'
import { lockfileHash } from '../runner/environment.ts'
import type { Executor } from '../runner/executor.ts'
import type { Job } from '../runner/job.ts'
import { createNamedFolder, writing } from '../runner/run-folder.ts'

/** What `batch.json` says. */
export interface BatchHead {
  readonly table: string
  /** Whoever reads it in the folder sees the folder that the jobs were written to, and not another one of that name. */
  readonly token: string
  /** SHA-256 of the lockfile where the jobs come from; null where there is none. */
  readonly lockfile: string | null
  readonly host: string
  readonly created: string
  /** Where the jobs were handed over, and what they are called there. */
  readonly place?: { readonly kind: string; readonly id: string }
}

/** Jobs that are trained elsewhere: those of one command, of all its rows. They are called by their index, from 0. */
export interface Batch extends BatchHead {
  readonly folder: string
  readonly jobs: readonly Job[]
}

/** An executor that trains nothing and keeps the jobs, so that they can be handed over together. */
export function createCollector(): Executor & { readonly jobs: readonly Job[] } {
  const jobs: Job[] = []
  return {
    jobs,
    async run(given) {
      jobs.push(...given)
      return []
    },
  }
}

const headFile = (folder: string) => path.join(folder, 'batch.json')
const jobsFile = (folder: string) => path.join(folder, 'jobs.jsonl')

/** Writes jobs, one a line, to a folder beside the rows of their table. @errors E_OUT_WRITE */
export async function createBatch(out: string, table: string, jobs: readonly Job[]): Promise<Batch> {
  const folder = path.resolve(createNamedFolder(path.join(out, table), 'jobs-'))
  const head = {
    table,
    token: randomUUID(),
    lockfile: lockfileHash(),
    host: os.hostname(),
    created: new Date().toISOString(),
  }
  const batch = { ...head, folder, jobs }
  await writeBatch(batch)
  return batch
}

/** Writes the files of a batch to its folder. @errors E_OUT_WRITE */
export async function writeBatch({ folder, jobs, ...head }: Batch): Promise<void> {
  // Whoever trains a job goes on with what another machine has begun. Run folders are named from here, so that the whole
  // tree may lie at another place there.
  const lines = jobs.map(
    (job) => `${JSON.stringify({ ...job, resume: true, folder: path.relative(folder, job.folder) })}\n`,
  )
  await writing(folder, () => writeFileAtomic(jobsFile(folder), lines))
  await writeHead(folder, head)
}

/** Notes where the jobs of a batch were handed over. @errors E_OUT_WRITE */
export async function placeBatch({ folder, jobs: _jobs, ...head }: Batch, place: BatchHead['place']): Promise<void> {
  await writeHead(folder, { ...head, ...(place === undefined ? {} : { place }) })
}

const writeHead = (folder: string, head: BatchHead) =>
  writing(folder, () => writeFileAtomic(headFile(folder), [`${JSON.stringify(head, null, 2)}\n`]))

/** The job of an index. @errors E_JOB */
export function jobAt({ folder, jobs }: Batch, index: number): Job {
  return (
    jobs[index] ??
    fail('E_JOB', {
      what: `${os.hostname()} was given a job that ${folder} does not have.`,
      expected: `an index from 0 to ${jobs.length - 1}.`,
      received: `${index}.`,
      fix: 'check the size of the array that was started.',
    })
  )
}

/** @errors E_JOB where the folder cannot be read from this machine, or holds no jobs */
export function readBatch(folder: string): Batch {
  try {
    const head = JSON.parse(readFileSync(headFile(folder), 'utf8')) as BatchHead
    const lines = readFileSync(jobsFile(folder), 'utf8').trimEnd().split('\n')
    const jobs = lines.map((line) => JSON.parse(line) as Job)
    const own = path.resolve(folder)
    return { ...head, folder: own, jobs: jobs.map((job) => ({ ...job, folder: path.resolve(own, job.folder) })) }
  } catch (cause) {
    return fail('E_JOB', {
      what: `${os.hostname()} cannot read the jobs in ${path.resolve(folder)}: ${(cause as Error).message}.`,
      expected: 'a folder with batch.json and jobs.jsonl, as `repro TABLE --on …` writes it.',
      fix: 'check the path, and that the disk with this folder is mounted on this machine at the same place.',
      cause,
    })
  }
}
