import os from 'node:os'
import { fail } from '@tricklab/core'
import type { Redis } from 'ioredis'
import type { Manifest } from '../../record/types.ts'
import type { Job } from '../../runner/job.ts'
import type { BatchHead } from '../batch.ts'
import { firstLine, loadBullmq } from './load.ts'

/** The queue that all commands and workers of one Redis share. */
export const queueName = 'tricklab'

/** What a worker is given: where a job is written, and what proves that it is there. */
export interface QueuedJob {
  readonly folder: string
  readonly index: number
  readonly token: string
  /** What is written there, for a worker that does not see it. */
  readonly written: WrittenJob
}

/** All that a machine must know of a job of which it sees no file. */
export interface WrittenJob {
  readonly head: BatchHead
  /** Its run folder is named from the folder of the batch. */
  readonly job: Job
  readonly manifest: Manifest
}

/** What a job is called in the queue. */
export const idOf = ({ token }: { readonly token: string }, index: number): string => `${token}-${index}`

/** How BullMQ connects: a connection that is lost is made again for as long as it takes. */
export const connectionOf = (redis: string) => ({ url: redis, maxRetriesPerRequest: null })

/** Does something with a connection of its own, which is made again for as long as it takes. */
export async function withRedis<T>(redis: string, body: (client: Redis) => Promise<T>): Promise<T> {
  const loaded = await loadBullmq()
  const client = new loaded.Redis(redis, { maxRetriesPerRequest: null })
  // Whoever waits is told by the queue that the server is gone.
  client.on('error', () => {})
  try {
    return await body(client)
  } finally {
    client.disconnect()
  }
}

/** Asks Redis for an answer. @errors E_PLACE naming the server, where none comes or the password is wrong */
export async function checkRedis(redis: string): Promise<void> {
  const { Redis } = await loadBullmq()
  const server = withoutPassword(redis)
  const client = new Redis(redis, {
    ...{ lazyConnect: true, connectTimeout: 10_000, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  })
  // The reason of a failed connection is told by an event; what is rejected says only that it is closed.
  let reason: Error | undefined
  client.on('error', (error) => {
    reason ??= error
  })
  try {
    await client.connect()
    await client.ping()
  } catch (cause) {
    fail('E_PLACE', {
      what: `${os.hostname()} cannot use the Redis at ${server}: ${firstLine(reason ?? cause)}.`,
      expected: 'a Redis that answers, such as redis://:PASSWORD@HOST:6379.',
      received: `--redis ${server}.`,
      fix: 'check host, port and password, and that Redis runs.',
      cause,
    })
  } finally {
    client.disconnect()
  }
}

/** A URL as it may be printed and stored. @errors E_ARGUMENT */
export function withoutPassword(redis: string): string {
  const url = URL.canParse(redis) ? new URL(redis) : undefined
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) {
    return fail('E_ARGUMENT', {
      what: '--redis is not of the right form.',
      expected: 'a URL such as redis://:PASSWORD@HOST:6379.',
      fix: 'see --help.',
    })
  }
  url.username = ''
  url.password = ''
  return url.href
}
