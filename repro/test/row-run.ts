/** Runs rows in this process, whole or killed and resumed at drawn moments. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRng } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import { listPlugins } from '@tricklab/core/plugin'
import type { TrainingTable } from '@tricklab/core/recipe'
import { type Engine, prepareEngine } from '@tricklab/engine'
import { checkRecord } from '../src/check/check.ts'
import { type Evaluation, evaluateRun } from '../src/evaluation/evaluate-run.ts'
import { type RunRecord, readRecord } from '../src/record/read.ts'
import { here } from '../src/runner/executor.ts'
import { prepareRows, type RunOptions, runRow } from '../src/runner/run.ts'

let engine: Engine | undefined

interface Attempt {
  readonly out: string
  readonly resume?: boolean
  /** Ends the run at its n-th batch, from 0: as a crash would, or by a signal. */
  readonly kill?: { readonly batch: number; readonly how: 'crash' | 'signal' }
}

/** One attempt at a row; `killed` where it did not come to its end for that reason. */
async function attempt(table: TrainingTable, name: string, { out, resume = false, kill }: Attempt) {
  engine ??= await prepareEngine('cpu')
  const stop = new AbortController()
  let batches = 0
  const options: RunOptions = {
    engine,
    seeds: undefined,
    limits: {},
    out,
    resume,
    dataPaths: [],
    checkpointMinutes: 0,
    executor: here,
    reference: '',
    signal: stop.signal,
    progress({ kind }) {
      if (kind !== 'step' || batches++ !== kill?.batch) return
      if (kill.how === 'crash') throw new Error('killed')
      stop.abort()
    },
  }
  const { folder, error } = await runRow(prepareRows(table, [name])[0]!, options)
  const killed = kill !== undefined && batches > kill.batch
  if (error !== undefined && !killed) throw error
  return { folder, batches, killed }
}

/** What a run came to: equal for equal runs, however often they were killed. */
export interface RowOutcome {
  readonly folder: string
  readonly record: RunRecord
  readonly result: Scores
  /** The log, without times. */
  readonly lines: readonly string[]
  readonly batches: number
}

async function outcomeOf(folder: string, batches: number): Promise<RowOutcome> {
  const problems = await checkRecord(folder)
  if (problems.length > 0) throw new Error(problems.map(({ what }) => what).join('\n'))
  const record = await readRecord(folder)
  const [log] = record.logs
  const timeless = (line: object) => {
    const { seconds: _s, waited: _w, time: _t, line: _l, peakMemoryMiB: _p, ...rest } = line as Record<string, unknown>
    return JSON.stringify(rest)
  }
  const { steps, epochs, stops, end } = log!
  return { folder, record, batches, result: end!.result, lines: [...steps, ...epochs, ...stops, end!].map(timeless) }
}

/** Trains the first seed of a row to its end. */
export async function runWhole(table: TrainingTable, name: string): Promise<RowOutcome> {
  const { folder, batches } = await attempt(table, name, { out: temporaryFolder() })
  return outcomeOf(folder, batches)
}

/** The same, killed at drawn moments, each time resumed from its last checkpoint. */
export async function runKilled(
  table: TrainingTable,
  name: string,
  batches: number,
  seed: number,
): Promise<RowOutcome> {
  const out = temporaryFolder()
  const stream = createRng(seed).at('kills')
  let attempts = 0
  for (; attempts < 3; attempts++) {
    const kill = { batch: stream.integer(batches), how: attempts % 2 === 0 ? 'crash' : 'signal' } as const
    const { killed, folder } = await attempt(table, name, { out, resume: attempts > 0, kill })
    if (!killed) return outcomeOf(folder, batches)
  }
  const { folder } = await attempt(table, name, { out, resume: true })
  return outcomeOf(folder, batches)
}

/** What the saved weights of a run give when they are scored again. */
export function evaluateAgain(table: TrainingTable, name: string, { record }: RowOutcome): Promise<Evaluation> {
  const [row] = prepareRows(table, [name])
  return evaluateRun(
    { record, row: row! },
    {
      engine: engine!,
      seed: undefined,
      predictor: undefined,
      plugins: listPlugins(table.plugins),
      dataPaths: [],
      progress: () => {},
      signal: new AbortController().signal,
    },
  )
}

const temporaryFolder = () => mkdtempSync(path.join(tmpdir(), 'tricklab-row-'))
