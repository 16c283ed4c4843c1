import type { MetricFormat } from '@tricklab/core/contracts'
import { metricOf, validationOf } from '../record/metrics.ts'
import type { EndLine, RunRecord, SeedLog } from '../record/read.ts'
import { type RecordedData, recordedData } from '../record/recorded-data.ts'
import type { Verdict } from '../record/types.ts'
import { type Interval, type Summary, summarize } from '../statistics/index.ts'
import { type EquivalenceNote, equivalenceNote } from './equivalence-note.ts'
import { judge, reportedSummary } from './judge.ts'
import { lossGap } from './loss-gap.ts'
import { lossGapRemark } from './loss-gap-remark.ts'

/** One row of a verdict table, and of `--json`: documented and measured side by side. */
export interface VerdictRow {
  readonly row: string
  readonly metric: string
  /** How its values are written. */
  readonly format: MetricFormat
  readonly reported: Summary | null
  /** Null while no seed has finished. */
  readonly measured: (Summary & { readonly values: readonly number[] }) | null
  /** Measured mean − reported mean. */
  readonly difference: number | null
  /** 95 % interval of the difference. */
  readonly interval: Interval | null
  /** Half the 95 % interval of the measured mean. */
  readonly halfWidth: number | null
  readonly tolerance: number | null
  readonly verdict: Verdict
  /** Why, in a sentence. */
  readonly note: string
  /** A training loss that stays above the validation loss, and how much of that the targets make. */
  readonly remark?: string
  /** Whether the means are equivalent within the tolerance, where the source documents several runs. */
  readonly equivalence?: EquivalenceNote
  /** Seeds that have finished. */
  readonly seeds: readonly number[]
  /** What it was measured on. */
  readonly data: RecordedData
  readonly engine: string
  readonly precision: string
  /** Time spent on all seeds together. */
  readonly seconds: number
  readonly partial: boolean
  /** Folder of the record. */
  readonly record: string
}

/** The verdict on a record, computed from its files. */
export function verdictRow(record: RunRecord): VerdictRow {
  const { manifest, logs, folder } = record
  const ends = logs.flatMap(({ end }) => (end === null ? [] : [end]))
  const metric = manifest.reported?.metric ?? mainMetric(ends)
  const values = ends.flatMap(({ result }) => result[metric] ?? [])
  const { reported, tolerance, engine } = manifest
  const partial = manifest.partial !== null
  const remark = lossGapRemark(lossGap(record))
  const traits = metricOf(manifest, metric)
  const theirs = reportedSummary(reported)
  const measured = values.length === 0 ? null : { ...summarize(values), values }
  const equivalence = partial ? undefined : equivalenceNote(theirs, measured, tolerance, traits.format)
  return {
    row: manifest.row,
    metric,
    format: traits.format,
    reported: theirs,
    measured,
    tolerance,
    ...judge({ reported, measured: values, tolerance, partial, metric: traits, validation: validationOf(manifest) }),
    ...(remark === undefined ? {} : { remark }),
    ...(equivalence === undefined ? {} : { equivalence }),
    seeds: logs.flatMap(({ end, seed }) => (end === null ? [] : [seed])),
    data: recordedData(manifest),
    engine: engine.name,
    precision: engine.precision,
    seconds: logs.reduce((sum, log) => sum + secondsOf(log), 0),
    partial,
    record: folder,
  }
}

/** The metric that a row without documented values is about: accuracy where there is one. */
export function mainMetric(ends: readonly Pick<EndLine, 'result'>[]): string {
  const names = Object.keys(ends[0]?.result ?? {})
  return ['accuracy', ...names.filter((name) => name !== 'loss')].find((name) => names.includes(name)) ?? 'accuracy'
}

/** Time spent on a seed so far. */
export function secondsOf({ end, steps, epochs }: SeedLog): number {
  if (end !== null) return end.seconds
  const sum = (lines: readonly { readonly seconds: number }[]) => lines.reduce((total, line) => total + line.seconds, 0)
  const done = epochs.length
  return sum(epochs) + sum(steps.filter(({ epoch }) => epoch >= done))
}
