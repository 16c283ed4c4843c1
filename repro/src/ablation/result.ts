import { TricklabError } from '@tricklab/core'
import type { MetricFormat } from '@tricklab/core/contracts'
import type { Row } from '@tricklab/core/recipe'
import { summarize as summarizeModel } from '@tricklab/nn'
import { type OpenOptions, openModel } from '@tricklab/train'
import { metricOf } from '../record/metrics.ts'
import { type RunRecord, readRecord, type SeedLog } from '../record/read.ts'
import { median, type PairedDifference, pairedDifference, type Summary, summarize } from '../statistics/index.ts'
import { verdictRow } from '../verdict/verdict-row.ts'
import type { VariantRun } from './run.ts'

/** The figures of one variant. */
export interface AblationRow {
  /** Null: the whole row. */
  readonly trick: string | null
  readonly place: string | null
  readonly instead: string | null
  /** The row that ran, and its recipe. */
  readonly row: string
  readonly recipeHash: string
  /** What has the same recipe and ran instead. */
  readonly sameAs: string | null
  /** Results by seed, of the seeds that are done. */
  readonly results: { readonly [seed: string]: number }
  readonly measured: Summary | null
  /** What the trick is worth: by how much the whole row is better, over the seeds that both have; null for none. */
  readonly worth: PairedDifference | null
  readonly params: number
  /** Multiply-accumulates of one image. */
  readonly macs: number
  /** Median over whole epochs, validation included. */
  readonly secondsPerEpoch: number | null
  /** Most that a job's process held, over the seeds. */
  readonly peakMemoryMiB: number | null
  readonly record: string | null
  /** Why a seed is missing. */
  readonly error: string | null
}

/** What each trick of a row is worth. */
export interface Ablation {
  readonly table: string
  readonly row: string
  readonly title: string
  readonly metric: string
  /** How its values are written. */
  readonly format: MetricFormat
  /** Which values of the metric are good ones. */
  readonly better: 'higher' | 'lower'
  readonly seeds: readonly number[]
  readonly engine: string
  readonly precision: string
  readonly partial: boolean
  /** The whole row first. */
  readonly rows: readonly AblationRow[]
}

/**
 * Reads the records of all variants and sets them against the whole row, seed by seed.
 * @errors E_RECORD; E_DATASET_* where only the data tell the shape of the images
 */
export async function readAblation(
  runs: readonly VariantRun[],
  seeds: readonly number[],
  options: Pick<OpenOptions, 'dataPaths' | 'progress' | 'signal' | 'limits'>,
): Promise<Ablation> {
  const { row } = runs[0]!.variant
  const records = await Promise.all(runs.map(({ folder }) => (folder === null ? null : readRecord(folder))))
  const first = records[0]!
  const { metric, engine, precision, partial } = verdictRow(first)
  const { better, format } = metricOf(first.manifest, metric)
  const rows: AblationRow[] = []
  for (const [index, run] of runs.entries()) {
    const results = resultsOf(records[index]!, seeds, metric)
    rows.push({
      ...describe(run),
      results,
      measured: Object.keys(results).length === 0 ? null : summarize(Object.values(results)),
      worth: index === 0 ? null : worthOf(rows[0]!.results, results, better),
      ...(await countWork(run.variant.row, options)),
      ...costsOf(records[index]!, seeds),
    })
  }
  return {
    table: row.table.id,
    row: row.name,
    title: row.table.title,
    metric,
    format,
    better,
    seeds,
    engine,
    precision,
    partial,
    rows,
  }
}

function describe({ variant: { trick, row, sameAs }, folder, error }: VariantRun) {
  return {
    trick: trick?.name ?? null,
    place: trick?.place ?? null,
    instead: trick?.instead ?? null,
    row: row.name,
    recipeHash: row.hash,
    sameAs,
    record: folder,
    error: error === undefined ? null : error instanceof TricklabError ? error.problems[0]!.what : String(error),
  }
}

function resultsOf(record: RunRecord | null, seeds: readonly number[], metric: string): { [seed: string]: number } {
  const logs = (record?.logs ?? []).filter(({ seed, end }) => seeds.includes(seed) && end?.result[metric] !== undefined)
  return Object.fromEntries(logs.map(({ seed, end }) => [seed, end!.result[metric]!]))
}

/** Pairs of one seed: the whole row's result less that without the trick, where higher is better. */
function worthOf(
  whole: AblationRow['results'],
  without: AblationRow['results'],
  better: 'higher' | 'lower',
): PairedDifference | null {
  const paired = Object.keys(whole).filter((seed) => Object.hasOwn(without, seed))
  if (paired.length === 0) return null
  const sign = better === 'higher' ? 1 : -1
  return pairedDifference(paired.map((seed) => sign * (whole[seed]! - without[seed]!)))
}

/** Parameters and multiply-accumulates of the row's model. */
async function countWork(row: Row, options: OpenOptions): Promise<Pick<AblationRow, 'params' | 'macs'>> {
  const { model } = await openModel(row, options)
  const { params, macs } = summarizeModel(model)
  model.dispose()
  return { params, macs }
}

function costsOf(
  record: RunRecord | null,
  seeds: readonly number[],
): Pick<AblationRow, 'secondsPerEpoch' | 'peakMemoryMiB'> {
  const logs = (record?.logs ?? []).filter(({ seed }) => seeds.includes(seed))
  const seconds = logs.flatMap(wholeEpochs)
  const memory = logs.flatMap(({ end }) => end?.peakMemoryMiB ?? [])
  return {
    secondsPerEpoch: seconds.length === 0 ? null : median(seconds),
    peakMemoryMiB: memory.length === 0 ? null : Math.max(...memory),
  }
}

/** Seconds of the epochs that no pause fell into: those of a resumed epoch count from the resumption only. */
function wholeEpochs({ epochs, resumes }: SeedLog): number[] {
  return epochs
    .filter(({ step }, index) => {
      const before = epochs[index - 1]?.step ?? 0
      return !resumes.some((resume) => resume.step > before && resume.step <= step)
    })
    .map(({ seconds }) => seconds)
}
