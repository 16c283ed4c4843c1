import path from 'node:path'
import { fail } from '@tricklab/core'
import type { MeasurementTable } from '@tricklab/core/recipe'
import { formatMeasurement, judgeMeasurement, runMeasurement, writeReportFile } from '@tricklab/repro'
import { type EngineArguments, engineChoice } from '../options/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

export interface MeasureArguments extends EngineArguments {
  readonly data?: string[]
  readonly out: string
  readonly json?: boolean
  readonly turns: number
  readonly steps: number
  /** Of trainings alone: refused. */
  readonly seeds?: unknown
  readonly seed?: unknown
  readonly resume?: boolean
  readonly epochs?: number
  readonly limitTrain?: number
  readonly limitValid?: number
}

/** Measures a table, writes record and page, and says whether its claims hold. Returns the exit code. */
export async function reproMeasurement(
  table: MeasurementTable,
  chosen: readonly string[],
  reference: string,
  given: MeasureArguments,
): Promise<number> {
  refuseTraining(given)
  const view = createProgressView()
  try {
    const { out, turns, steps, data: dataPaths = [] } = given
    const { record, folder } = await runMeasurement(table, chosen, {
      engine: engineChoice(given),
      ...{ dataPaths, out, turns, steps, reference, progress: view.sink },
      signal: stopSignal((message) => view.sink({ kind: 'notice', message })),
    })
    const page = path.join(folder, 'report.html')
    await writeReportFile({ kind: 'measurement', table, record }, page)
    const judged = judgeMeasurement(table, record)
    view.close()
    process.stderr.write(`\n${formatMeasurement(judged)}\n\nReport: ${page}\n`)
    if (given.json === true) {
      const { engine, partial } = record
      const seconds = (Date.parse(record.ended) - Date.parse(record.started)) / 1000
      const common = { engine: engine.name, precision: engine.precision, seconds, partial, record: folder }
      const lines = judged.map(({ reported, measured, ...row }) => ({
        ...row,
        reported: reported === null ? null : { mean: reported, sd: null, n: 1 },
        measured: measured === null ? null : { mean: measured, sd: null, n: record.turns },
        ...common,
      }))
      process.stdout.write(`${JSON.stringify({ table: table.id, rows: lines })}\n`)
    }
    return judged.some(({ verdict }) => verdict === 'falls-short') ? 1 : 0
  } finally {
    view.close()
  }
}

/** Nothing is trained to an end, so options about trainings would do nothing. */
function refuseTraining(given: MeasureArguments): void {
  const flags = {
    seeds: '--seeds',
    seed: '--seed',
    resume: '--resume',
    epochs: '--epochs',
    limitTrain: '--limit-train',
    limitValid: '--limit-valid',
  }
  const found = (Object.keys(flags) as (keyof typeof flags)[]).find((key) => given[key] !== undefined)
  if (found === undefined) return
  fail('E_ARGUMENT', {
    what: `${flags[found]} has no effect here: this table measures costs and trains nothing.`,
    expected: '--turns and --steps.',
    received: `${flags[found]}.`,
    fix: 'leave it out.',
  })
}
