import os from 'node:os'
import { fail } from '@tricklab/core'

/** What is used of the two packages. */
export interface Bullmq
  extends Pick<typeof import('bullmq'), 'Queue' | 'Worker' | 'UnrecoverableError' | 'WaitingError'> {
  readonly Redis: typeof import('ioredis').Redis
}

/** An optional peer dependency: whoever uses no queue installs none. @errors E_PLACE */
export async function loadBullmq(): Promise<Bullmq> {
  try {
    const [{ Queue, Worker, UnrecoverableError, WaitingError }, { Redis }] = await Promise.all([
      import('bullmq'),
      import('ioredis'),
    ])
    return { Queue, Worker, UnrecoverableError, WaitingError, Redis }
  } catch (cause) {
    return fail('E_PLACE', {
      what: `BullMQ cannot be loaded on ${os.hostname()}: ${firstLine(cause)}.`,
      expected: 'the packages bullmq and ioredis, which are installed by whoever uses a queue.',
      fix: 'install them next to Tricklab: npm install bullmq ioredis.',
      cause,
    })
  }
}

/** What an error says in its first line, without a full stop. */
export const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message || error.name : String(error)).split('\n')[0]!.replace(/\.$/, '')
