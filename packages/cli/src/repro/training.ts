import path from 'node:path'
import type { Row } from '@tricklab/core/recipe'
import { type Engine, prepareEngine } from '@tricklab/engine'
import {
  type Executor,
  exitCodeOf,
  formatVerdictTable,
  readRecord,
  reportRuns,
  runRow,
  type VerdictRow,
  verdictRow,
  writeRunReport,
} from '@tricklab/repro'
import { type EngineArguments, engineChoice, limitsOf } from '../options/arguments.ts'
import type { RunsArguments } from '../options/options.ts'
import { type TrackingArguments, trackingOf } from '../options/tracking.ts'
import { report } from '../ui/main.ts'
import type { ProgressView } from '../ui/progress-view.ts'

/** What a training takes from the command line. */
export interface TrainingArguments extends EngineArguments, TrackingArguments, Omit<RunsArguments, 'resume'> {
  /** Where the seeds are trained. */
  readonly executor: Executor
  /** What cannot even start, such as a row whose photos are missing, is told and left out. */
  readonly keepGoing?: boolean
}

/** Seeds of a row to train. */
export interface Work {
  readonly row: Row
  /** How another process finds its table. */
  readonly reference: string
  /** Undefined: the seeds of the row. */
  readonly seeds: readonly number[] | undefined
  /** Whether to go on with a run that is there. */
  readonly resume: boolean | ((engine: Engine) => boolean)
}

/** What came of all work. */
export interface TrainedWork {
  /** The gravest of all that happened. */
  readonly exitCode: number
  /** Something was stopped before its end and can go on. */
  readonly stopped: boolean
  readonly results: readonly VerdictRow[]
}

/**
 * Trains one thing after the other, judges what is finished, and writes the reports. An error is told and the next work
 * begins; a signal ends all of it with exit code 3.
 */
export async function trainWork(
  work: Iterable<Work>,
  options: TrainingArguments,
  view: ProgressView,
  signal: AbortSignal,
): Promise<TrainedWork> {
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  // A run that several works go on with is judged once, as it is in the end.
  const judged = new Map<string, VerdictRow>()
  const failed = new Set<Row>()
  let [exitCode, stopped] = [0, false]
  const count = (code: number): number => {
    exitCode = Math.max(exitCode, code)
    stopped ||= code === 3
    return code
  }
  const tell = (error: unknown): number => {
    view.close()
    return count(report(error))
  }
  try {
    const [name, engineOptions] = engineChoice(options)
    let engine: Engine | undefined
    let prepared: string | undefined
    for (const { row, reference, seeds, resume } of work) {
      if (signal.aborted) {
        count(3)
        break
      }
      const preferredPrecision = row.recipe.precision ?? 'f32'
      if (engine === undefined || preferredPrecision !== prepared) {
        engine = await prepareEngine(name, { ...engineOptions, preferredPrecision, onNotice: notice })
        prepared = preferredPrecision
      }
      if (failed.has(row)) continue
      const running = runRow(row, {
        engine,
        seeds,
        limits: limitsOf(options),
        out: options.out,
        resume: typeof resume === 'boolean' ? resume : resume(engine),
        dataPaths: options.data ?? [],
        checkpointMinutes: options.checkpointMinutes,
        tracking: trackingOf(options),
        executor: options.executor,
        reference,
        progress: view.sink,
        signal,
        report: writeRunReport,
      })
      const run = await (options.keepGoing === true ? running.catch(tell) : running)
      if (typeof run === 'number') {
        failed.add(row)
        continue
      }
      if (run.error !== undefined) tell(run.error)
      if (run.manifest.ended !== null) judged.set(run.folder, verdictRow(await readRecord(run.folder)))
    }
  } finally {
    view.close()
  }
  const results = [...judged.values()]
  await tellResults(results)
  return { exitCode: exitCode !== 0 ? exitCode : exitCodeOf(results), stopped, results }
}

async function tellResults(results: readonly VerdictRow[]): Promise<void> {
  if (results.length === 0) return
  const records = results.map((result) => result.record)
  const [first] = records
  // Every run has written a page of its own.
  const page = records.length > 1 ? await reportRuns(records) : path.resolve(first!, 'report.html')
  process.stderr.write(`\n${formatVerdictTable(results)}\n`)
  process.stderr.write(`\nReport: ${page}\n`)
}
