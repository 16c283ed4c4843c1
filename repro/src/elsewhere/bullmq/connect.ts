import os from 'node:os'
import { fail } from '@tricklab/core'
import { firstLine, loadBullmq } from './load.ts'

/** The queue that all commands and workers of one Redis share. */
export const queueName = 'tricklab'

/** What a worker is given: where a job is written, and what proves that it is there. */
export interface QueuedJob {
  readonly folder: string
  readonly index: number
  readonly token: string
}

/** How BullMQ connects: a connection that is lost is made again for as long as it takes. */
export const connectionOf = (redis: string) => ({ url: redis, maxRetriesPerRequest: null })

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
