// Entry of a job process: takes one job from its parent, runs it, answers, ends.
import { fail, type Row, TricklabError } from '@tricklab/core'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import { describeRow, type ProgressSink } from '@tricklab/train'
import { surviveClosedStreams } from '../process/standard-streams.ts'
import { runJob } from './job.ts'
import type { JobMessage, JobReply } from './job-process.ts'
import { findTarget } from './tables.ts'

const stop = new AbortController()
const reply = (message: JobReply) =>
  new Promise<void>((resolve) => (process.send === undefined ? resolve() : process.send(message, () => resolve())))

surviveClosedStreams()
// A terminal and a service manager signal every process; whichever hears of it first, this one saves before it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.on('disconnect', () => stop.abort())
process.on('message', (message: JobMessage | 'stop') => {
  if (message === 'stop') stop.abort()
  else void run(message)
})

async function run({ reference, row: plainRow, job, engineOptions, dataPaths }: JobMessage): Promise<void> {
  const progress: ProgressSink = (event) => void reply({ kind: 'progress', event })
  try {
    const { table } = await findTarget(reference)
    if (table.kind !== 'training') fail('E_INTERNAL', { what: `Table ${table.id} has nothing to train.` })
    const row: Row = { ...plainRow, table }
    await prepareEngine(job.engine as EngineName, engineOptions)
    const dataset = await describeRow(row, { progress }).openDataset({ dataPaths, progress, signal: stop.signal })
    await runJob({ ...job, row }, { dataset, progress, signal: stop.signal })
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
