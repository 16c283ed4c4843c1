import { TricklabError } from '@tricklab/core'
import type { MetricFormat } from '@tricklab/core/contracts'
import type { OpenOptions } from '@tricklab/train'
import { metricOf } from '../record/metrics.ts'
import { type RunRecord, readRecord, type SeedLog } from '../record/read.ts'
import { type PairedDifference, type Summary, summarize } from '../statistics/index.ts'
import { verdictRow } from '../verdict/verdict-row.ts'
import { type Costs, costsOf } from '../worth/costs.ts'
import { differenceBySeed, resultsOf, type SeedResults } from '../worth/seed-results.ts'
import { countWork, type Work } from '../worth/work.ts'
import type { VariantRun } from './run.ts'

/** The figures of one variant. */
export interface AblationRow extends Work, Costs {
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
  readonly results: SeedResults
  readonly measured: Summary | null
  /** What the trick is worth: by how much the whole row is better, over the seeds that both have; null for none. */
  readonly worth: PairedDifference | null
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
    const logs = logsOf(records[index]!, seeds)
    const results = resultsOf(logs, metric)
    rows.push({
      ...describe(run),
      results,
      measured: Object.keys(results).length === 0 ? null : summarize(Object.values(results)),
      worth: index === 0 ? null : differenceBySeed(rows[0]!.results, results, better),
      ...(await countWork(run.variant.row, options)),
      ...costsOf(logs),
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

const logsOf = (record: RunRecord | null, seeds: readonly number[]): SeedLog[] =>
  (record?.logs ?? []).filter(({ seed }) => seeds.includes(seed))
