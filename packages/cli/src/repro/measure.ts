import os from 'node:os'
import path from 'node:path'
import { createRegistry, fail, type Json, type MeasurementTable } from '@tricklab/core'
import { type Engine, type Precision, prepareEngine } from '@tricklab/engine'
import {
  describeEngine,
  describeEnvironment,
  formatMeasurement,
  judgeMeasurement,
  type MeasurementRecord,
  measuredHash,
  measuredOf,
  measureScaling,
  type Sample,
  writeMeasurement,
  writeReportFile,
} from '@tricklab/repro'
import { measureVariants } from '../bench/variants.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { type EngineArguments, engineChoice } from './arguments.ts'

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
  const names = Object.keys(table.rows)
  // Without the reference there is no ratio, so it is measured along.
  const rows = names.filter(
    (name) => chosen.includes(name) || (table.measures === 'step-time' && name === table.reference),
  )
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const [name, engineOptions] = engineChoice(given)
    const preferredPrecision: Precision = table.measures === 'step-time' ? (table.base.precision ?? 'f32') : 'f32'
    const engine = await prepareEngine(name, { ...engineOptions, preferredPrecision, onNotice: notice })
    const loadAtStart = Number(os.loadavg()[0]!.toFixed(2))
    const started = new Date().toISOString()
    const samples = await measure(table, rows, reference, { engine, given, notice, signal })
    if (signal.aborted) refuseStopped()
    const record: MeasurementRecord = {
      schema: 1,
      table: table.id,
      title: table.title,
      source: table.source,
      measuredHash: measuredHash(table),
      measured: measuredOf(table) as Json,
      engine: describeEngine(engine),
      environment: describeEnvironment(createRegistry(table.plugins)),
      loadAtStart,
      turns: given.turns,
      steps: given.steps,
      partial: rows.length < names.length,
      started,
      ended: new Date().toISOString(),
      samples,
    }
    const folder = await writeMeasurement(given.out, record)
    const page = path.join(folder, 'report.html')
    await writeReportFile({ kind: 'measurement', table, record }, page)
    const judged = judgeMeasurement(table, record)
    view.close()
    process.stderr.write(`\n${formatMeasurement(judged)}\n\nReport: ${page}\n`)
    if (given.json === true) {
      const seconds = (Date.parse(record.ended) - Date.parse(started)) / 1000
      const common = {
        engine: engine.name,
        precision: engine.precision,
        seconds,
        partial: record.partial,
        record: folder,
      }
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

function measure(
  table: MeasurementTable,
  rows: readonly string[],
  reference: string,
  {
    engine,
    given: { turns, steps, data = [] },
    notice,
    signal,
  }: { engine: Engine; given: MeasureArguments; notice: (message: string) => void; signal: AbortSignal },
): Promise<Sample[]> {
  const options = { turns, steps, onProgress: notice, signal }
  if (table.measures === 'scaling') return measureScaling(table, rows, options)
  const separator = /\.[cm]?[jt]s$/.test(reference) ? '#' : '/'
  const targetOf = (row: string) => `${reference}${separator}${row}`
  return measureVariants(table, rows, { ...options, engine, dataPaths: data, targetOf })
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

function refuseStopped(): never {
  fail('E_INTERRUPTED', {
    what: 'The measurement was stopped.',
    expected: 'all turns.',
    fix: 'start it again: a measurement cannot be resumed, because it compares times of one uninterrupted run.',
  })
}
