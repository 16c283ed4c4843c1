import type { Batch } from '../batch.ts'
import { checkRedis, connectionOf, type QueuedJob, queueName, withoutPassword } from './connect.ts'
import { loadBullmq } from './load.ts'

/** A job that failed is tried so often, at growing distances. */
const attempts = 5
const firstPauseMs = 10_000

const idOf = ({ token }: Batch, index: number) => `${token}-${index}`

/**
 * Puts the jobs of a batch into the queue.
 * @returns the server, without a password
 * @errors E_PLACE
 */
export async function submitToQueue(batch: Batch, redis: string): Promise<string> {
  await withQueue(redis, (queue) =>
    queue.addBulk(
      batch.jobs.map(({ row, seed }, index) => ({
        name: `${batch.table}/${row} seed ${seed}`,
        data: { folder: batch.folder, index, token: batch.token },
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
  const { place, jobs } = batch
  // The password is not stored with the batch.
  const redis = process.env.TRICKLAB_REDIS ?? place?.id ?? ''
  try {
    await checkRedis(redis)
    return await withQueue(redis, async (queue) => {
      const states = new Map<number, string>()
      for (const index of jobs.keys()) {
        const job = await queue.getJob(idOf(batch, index))
        if (job !== undefined) states.set(index, describe(await job.getState(), job.failedReason))
      }
      return states
    })
  } catch {
    return undefined
  }
}

const describe = (state: string, reason: string | undefined) =>
  state === 'failed' || state === 'delayed' ? `${state}${reason ? `: ${reason}` : ''}` : state

async function withQueue<T>(redis: string, body: (queue: import('bullmq').Queue<QueuedJob>) => Promise<T>): Promise<T> {
  const { Queue } = await loadBullmq()
  const queue = new Queue<QueuedJob>(queueName, { connection: connectionOf(redis) })
  try {
    return await body(queue)
  } finally {
    await queue.close()
  }
}
