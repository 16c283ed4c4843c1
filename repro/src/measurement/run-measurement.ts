import os from 'node:os'
import { createRegistry, fail, type Json } from '@tricklab/core'
import type { MeasurementTable } from '@tricklab/core/recipe'
import { type Engine, type EngineName, type EngineOptions, prepareEngine } from '@tricklab/engine'
import type { ProgressSink } from '@tricklab/train'
import { describeEngine, describeEnvironment } from '../runner/environment.ts'
import { measuredOf } from './read.ts'
import { measuredHash, writeMeasurement } from './record.ts'
import { measureScaling } from './scaling.ts'
import type { MeasurementRecord, Sample } from './types.ts'
import { measureVariants } from './variants.ts'

export interface MeasurementOptions {
  readonly engine: readonly [EngineName | 'auto', EngineOptions]
  readonly dataPaths: readonly string[]
  /** Folder for the record. */
  readonly out: string
  readonly turns: number
  /** Steps or passes a turn. */
  readonly steps: number
  /** How another process finds the table. */
  readonly reference: string
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** A measurement that was made, and the folder of its record. */
export interface Measurement {
  readonly record: MeasurementRecord
  readonly folder: string
}

/**
 * Measures rows of a table and writes the record.
 * @errors those of engines and datasets, E_WORKER, E_INTERRUPTED after the signal, E_OUT_WRITE
 */
export async function runMeasurement(
  table: MeasurementTable,
  chosen: readonly string[],
  options: MeasurementOptions,
): Promise<Measurement> {
  const names = Object.keys(table.rows)
  const rows = names.filter((name) => chosen.includes(name) || isReference(table, name))
  const preferredPrecision = (table.measures === 'step-time' ? table.base.precision : undefined) ?? 'f32'
  const onNotice = (message: string) => options.progress({ kind: 'notice', message })
  const [name, given] = options.engine
  const engine = await prepareEngine(name, { ...given, preferredPrecision, onNotice })
  const loadAtStart = Number(os.loadavg()[0]!.toFixed(2))
  const started = new Date().toISOString()
  const samples = await measure(table, rows, engine, onNotice, options)
  if (options.signal.aborted) refuseStopped()
  const { turns, steps } = options
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
    turns,
    steps,
    partial: rows.length < names.length,
    started,
    ended: new Date().toISOString(),
    samples,
  }
  return { record, folder: await writeMeasurement(options.out, record) }
}

/** Without the reference there is no ratio, so it is measured along. */
const isReference = (table: MeasurementTable, name: string): boolean =>
  table.measures === 'step-time' && name === table.reference

function measure(
  table: MeasurementTable,
  rows: readonly string[],
  engine: Engine,
  onProgress: (what: string) => void,
  { turns, steps, signal, dataPaths, reference }: MeasurementOptions,
): Promise<Sample[]> {
  const options = { turns, steps, onProgress, signal }
  if (table.measures === 'scaling') return measureScaling(table, rows, options)
  const separator = /\.[cm]?[jt]s$/.test(reference) ? '#' : '/'
  const targetOf = (row: string) => `${reference}${separator}${row}`
  return measureVariants(table, rows, { ...options, engine, dataPaths, targetOf })
}

function refuseStopped(): never {
  fail('E_INTERRUPTED', {
    what: 'The measurement was stopped.',
    expected: 'all turns.',
    fix: 'start it again: a measurement cannot be resumed, because it compares times of one uninterrupted run.',
  })
}
