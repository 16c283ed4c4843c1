/** Records of machines that do not see the folder of the runs: they travel through Redis. */
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { fail, TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import type { Redis } from 'ioredis'
import { readSeedLog } from '../../record/read-log.ts'
import { readManifest, setStatus, updateManifest, writing } from '../../runner/run-folder.ts'
import { seedFiles } from '../../runner/seed-files.ts'
import { lockSeed } from '../../runner/seed-lock.ts'
import { type Batch, jobAt, readBatch, writeBatch } from '../batch.ts'
import { idOf, type QueuedJob, type WrittenJob } from './connect.ts'

const [gzip, gunzip] = [promisify(zlib.gzip), promisify(zlib.gunzip)]

const keyOf = (batch: Pick<Batch, 'token'>, index: number) => `tricklab:record:${idOf(batch, index)}`

/** A job of a batch as it can be written elsewhere. */
export function describeJob({ folder, jobs: _, ...head }: Batch, job: Batch['jobs'][number]): WrittenJob {
  const found = readManifest(job.folder)
  if (found === 'missing' || 'fault' in found) {
    return fail('E_INTERNAL', { what: `${job.folder} was written a moment ago and has no manifest.` })
  }
  return { head, job: { ...job, folder: path.relative(folder, job.folder) }, manifest: found.manifest }
}

/**
 * Writes a job of the queue to a folder of this machine, as it stands in the folder of its batch, and says where. One that
 * was begun here goes on from its checkpoint.
 * @errors E_OUT_WRITE; E_JOB where its run would lie elsewhere
 */
export async function writeJobHere(
  root: string,
  { token, index, written: { head, job, manifest } }: QueuedJob,
): Promise<Omit<QueuedJob, 'written'>> {
  const own = path.resolve(root, path.basename(token))
  const folder = path.join(own, `job-${index}`)
  const run = path.resolve(folder, job.folder)
  if (!run.startsWith(own + path.sep)) {
    fail('E_JOB', {
      what: `A job of the queue asks ${os.hostname()} to write outside of the folder of --upload.`,
      expected: `a run folder below ${own}.`,
      received: `${run}.`,
      fix: 'find out who writes into the queue.',
    })
  }
  writing(own, () => [folder, run].map((one) => makeFolder(one)))
  // The paths of the other machine say nothing here: datasets come from TRICKLAB_DATA, or are downloaded.
  await writeBatch({ ...head, folder, jobs: [{ ...job, folder: run, dataPaths: [] }] })
  if (!existsSync(path.join(run, 'manifest.json'))) await updateManifest(run, (before) => before ?? manifest)
  return { folder, index: 0, token }
}

/** Sends the record of a seed that has ended here. A second time it is the same record. @param folder of writeJobHere */
export async function sendRecord(redis: Redis, { token, index }: QueuedJob, folder: string): Promise<void> {
  const job = jobAt(readBatch(folder), 0)
  const content = await gzip(readFileSync(seedFiles(job.folder, job.seed).log))
  await redis.set(keyOf({ token }, index), content)
}

/** Whether a record waits to be fetched. */
export const hasRecord = async (redis: Redis, batch: Batch, index: number): Promise<boolean> =>
  (await redis.exists(keyOf(batch, index))) === 1

/** Writes the record of a job where it belongs; false where none has arrived. @errors E_RECORD, E_OUT_WRITE */
export async function fetchRecord(redis: Redis, batch: Batch, index: number): Promise<boolean> {
  const packed = await redis.getBuffer(keyOf(batch, index))
  if (packed === null) return false
  const job = jobAt(batch, index)
  const content = await check(packed, job)
  const lock = lockSeed(job)
  try {
    await writing(job.folder, () => writeFileAtomic(seedFiles(job.folder, job.seed).log, [content]))
    await setStatus(job.folder, job.seed, 'done')
  } finally {
    lock.release()
  }
  await redis.del(keyOf(batch, index))
  return true
}

/** The log of a seed, whole. */
async function check(packed: Buffer, { row, seed }: Batch['jobs'][number]): Promise<string> {
  const file = `the uploaded record of ${row} seed ${seed}`
  const content = await gunzip(packed).then(String, () => '')
  const problems: Problem[] = []
  const log = readSeedLog({ file, seed, content, done: true, problems })
  const [first, ...more] = problems
  if (first !== undefined) throw new TricklabError([first, ...more])
  if (log === null || log.end === null) {
    fail('E_RECORD', {
      what: `${file} does not end.`,
      expected: 'the log of a finished seed.',
      fix: 'hand the seed over again with --resume.',
    })
  }
  return content
}
