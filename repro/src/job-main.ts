// Entry of a job process: takes one job from its parent, runs it, answers, ends.
import { TricklabError } from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import { describeRow, type ProgressSink } from '@tricklab/train'
import { surviveClosedStreams } from './process/standard-streams.ts'
import { writeRunReport } from './report/index.ts'
import { type Job, runJob } from './runner/job.ts'
import type { JobReply } from './runner/job-process.ts'
import { findJobRow } from './runner/job-row.ts'

const stop = new AbortController()
const reply = (message: JobReply) =>
  new Promise<void>((resolve) => (process.send === undefined ? resolve() : process.send(message, () => resolve())))

surviveClosedStreams()
// A terminal and a service manager signal every process; whichever hears of it first, this one saves before it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.on('disconnect', () => stop.abort())
process.on('message', (message: string) => {
  if (message === 'stop') stop.abort()
  else void run(JSON.parse(message))
})

async function run(job: Job): Promise<void> {
  const progress: ProgressSink = (event) => void reply({ kind: 'progress', event })
  const { signal } = stop
  try {
    const row = await findJobRow(job)
    const engine = await prepareEngine(job.engine, { precision: job.precision, threads: job.threads })
    const { dataPaths } = job
    const dataset = await describeRow(row, { progress }).openDataset({ dataPaths, progress, signal })
    await runJob(job, { row, engine, dataset, progress, signal, report: writeRunReport })
    await reply({ kind: 'done' })
  } catch (error) {
    if (error instanceof TricklabError) {
      // Causes may not survive the way to the parent; their text is in the message.
      await reply({ kind: 'error', problems: error.problems.map(({ cause: _cause, ...problem }) => problem) })
    } else {
      await reply({ kind: 'fault', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  process.exit(0)
}
