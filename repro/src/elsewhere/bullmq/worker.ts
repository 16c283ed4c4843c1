import { spawn } from 'node:child_process'
import os from 'node:os'
import type { ProgressSink } from '@tricklab/train'
import { connectionOf, type QueuedJob, queueName, withRedis } from './connect.ts'
import { loadBullmq } from './load.ts'
import { sendRecord, writeJobHere } from './upload.ts'

export interface WorkerOptions {
  readonly redis: string
  /** How many jobs are trained at a time. */
  readonly slots: number
  /** A worker that was not heard of for so long has lost its jobs to others. @unit seconds */
  readonly lease: number
  /** The folder to train in, where this machine does not see the folder of the runs; records are then sent back. */
  readonly upload?: string | undefined
  /** The command that is `repro`, word by word. */
  readonly repro: readonly string[]
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** A worker that is gone more often than this with one job in its hands may be gone because of the job. */
const mostStalls = 10

/**
 * Trains jobs of the queue until the signal; then those at hand save and go back into the queue.
 *
 * A queue may give a job out twice. Every training is a process of its own, so that this one is always free to renew its
 * lease; the lock of the seed lets one of two train, and a seed that has ended is left as it is.
 */
export async function workQueue(options: WorkerOptions): Promise<void> {
  const { redis, slots, lease, upload, repro, progress, signal } = options
  const { Worker, UnrecoverableError, WaitingError } = await loadBullmq()
  const notice = (message: string) => progress({ kind: 'notice', message })
  const worker = new Worker<QueuedJob>(
    queueName,
    async (job, token) => {
      notice(`${job.name}: begins.`)
      const own = upload === undefined ? job.data : await writeJobHere(upload, job.data)
      const { code, error } = await trainInProcess(repro, own, signal)
      if (code === 0) {
        if (upload !== undefined) await withRedis(redis, (client) => sendRecord(client, job.data, own.folder))
        return
      }
      if (signal.aborted) {
        await job.moveToWait(token)
        throw new WaitingError()
      }
      notice(`${job.name}: ${error}`)
      throw code === 2 ? new UnrecoverableError(error) : new Error(error)
    },
    {
      connection: connectionOf(redis),
      ...{ concurrency: slots, name: os.hostname(), maxStalledCount: mostStalls },
      ...{ lockDuration: 1000 * lease, stalledInterval: 1000 * lease },
    },
  )
  worker.on('completed', (job) => notice(`${job.name}: done.`))
  let lost = ''
  worker.on('error', ({ message }) => {
    // A server that is gone is told of once, not at each attempt to reach it.
    if (message !== lost) notice(`The queue: ${message}.`)
    lost = message
  })
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
  await worker.close()
}

/** How a training in a process of its own ended: its exit code, and the error that it told. */
function trainInProcess(
  [command, ...words]: readonly string[],
  { folder, index, token }: Omit<QueuedJob, 'written'>,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly error: string }> {
  // The channel is there to be cut: a worker that is killed takes its trainings along, which save and end.
  const child = spawn(command!, [...words, 'job', folder, `${index}`, '--token', token], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let told = ''
  child.stderr!.on('data', (chunk) => {
    process.stderr.write(chunk)
    told = (told + chunk).slice(-8192)
  })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', stop)
      const ended = killed === null ? `exit code ${code}` : `signal ${killed}`
      resolve({ code, error: /\[E_\w+\].*/.exec(told)?.[0] ?? `The job ended with ${ended} on ${os.hostname()}.` })
    })
  })
}
