import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { readEnd, setStatus } from '../../runner/run-folder.ts'
import type { Batch } from '../batch.ts'
import { checkRedis, connectionOf, idOf, type QueuedJob, queueName, withoutPassword, withRedis } from './connect.ts'
import { loadBullmq } from './load.ts'
import { describeJob, fetchRecord, hasRecord } from './upload.ts'

/** A job that failed is tried so often, at growing distances. */
const attempts = 5
const firstPauseMs = 10_000

/**
 * Puts the jobs of a batch into the queue.
 * @returns the server, without a password
 * @errors E_PLACE
 */
export async function submitToQueue(batch: Batch, redis: string): Promise<string> {
  await withQueue(redis, (queue) =>
    queue.addBulk(
      batch.jobs.map((job, index) => ({
        name: `${batch.table}/${job.row} seed ${job.seed}`,
        data: { folder: batch.folder, index, token: batch.token, written: describeJob(batch, job) },
        opts: {
          jobId: idOf(batch, index),
          attempts,
          backoff: { type: 'exponential', delay: firstPauseMs },
          removeOnComplete: true,
        },
      })),
    ),
  )
  return withoutPassword(redis)
}

/** What the queue says of the jobs of a batch, by their index; undefined where Redis does not answer. */
export async function askQueue(batch: Batch): Promise<ReadonlyMap<number, string> | undefined> {
  const redis = redisOf(batch)
  try {
    await checkRedis(redis)
    return await withQueue(redis, async (queue, client) => {
      const states = new Map<number, string>()
      for (const index of batch.jobs.keys()) {
        const job = await queue.getJob(idOf(batch, index))
        if (job !== undefined) states.set(index, describe(await job.getState(), job.failedReason))
        else if (await hasRecord(client, batch, index)) states.set(index, 'uploaded')
      }
      return states
    })
  } catch {
    return undefined
  }
}

const describe = (state: string, reason: string | undefined) =>
  state === 'failed' || state === 'delayed' ? `${state}${reason ? `: ${reason}` : ''}` : state

/** The password is not stored with a batch. */
const redisOf = ({ place }: Batch) => process.env.TRICKLAB_REDIS ?? place?.id ?? ''

/**
 * Writes the records that workers have uploaded into the run folders of a batch, and notes which jobs the queue gave up.
 * @returns false where Redis does not answer
 * @errors E_OUT_WRITE; E_RECORD where an uploaded record is damaged
 */
export async function fetchFromQueue(batch: Batch): Promise<boolean> {
  const open = [...batch.jobs.entries()].filter(([, { folder, seed }]) => readEnd(folder, seed) === undefined)
  if (open.length === 0) return true
  const redis = redisOf(batch)
  try {
    await checkRedis(redis)
  } catch {
    return false
  }
  await withQueue(redis, async (queue, client) => {
    for (const [index, { folder, seed }] of open) {
      if (await fetchRecord(client, batch, index)) continue
      const job = await queue.getJob(idOf(batch, index))
      if ((await job?.getState()) === 'failed') await setStatus(folder, seed, 'failed')
    }
  })
  return true
}

async function withQueue<T>(redis: string, body: (queue: Queue<QueuedJob>, client: Redis) => Promise<T>): Promise<T> {
  const { Queue } = await loadBullmq()
  const queue = new Queue<QueuedJob>(queueName, { connection: connectionOf(redis) })
  try {
    return await withRedis(redis, (client) => body(queue, client))
  } finally {
    await queue.close()
  }
}
