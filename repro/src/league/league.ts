import { fail } from '@tricklab/core'
import type { MetricFormat } from '@tricklab/core/contracts'
import { normalizeRow, type Row, rowNames } from '@tricklab/core/recipe'
import type { OpenOptions } from '@tricklab/train'
import { isPercent } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import { holm, median, mostPairs, type PairedDifference, type Summary, summarize } from '../statistics/index.ts'
import { mainMetric } from '../verdict/verdict-row.ts'
import { type Costs, costsOf } from '../worth/costs.ts'
import { differenceBySeed, resultsOf, type SeedResults } from '../worth/seed-results.ts'
import { countWork, type Work } from '../worth/work.ts'
import { type TrainedSeed, trainedSeeds } from './trained-seeds.ts'

/**
 * What the 95 % interval of a difference says: that the trick helps, that it costs accuracy, that it is worth less than a
 * percentage point either way, or none of these.
 */
export type Outcome = 'helps' | 'hurts' | 'nothing' | 'open'

/**
 * How many times those of the baseline; null where one of them is not known. Of time and memory the median over the seeds
 * that ran on the same processor with as many threads.
 */
export interface Ratios {
  readonly params: number | null
  readonly macs: number | null
  readonly seconds: number | null
  readonly memory: number | null
}

/** One row of the table beside the baseline. */
export interface LeagueRow extends Work {
  readonly trick: string
  readonly recipeHash: string
  /** Results by seed. */
  readonly results: SeedResults
  /** By how much it is better than the baseline, over the seeds that both have; null for none. */
  readonly difference: PairedDifference | null
  /** p of the sign-flip test, corrected after Holm for all rows that have a difference. */
  readonly correctedP: number | null
  readonly outcome: Outcome
  readonly costs: Costs
  readonly ratios: Ratios
  /** Seeds of the table that are not trained, or cannot be set beside the baseline's. */
  readonly missing: readonly number[]
}

/** Every row of a table beside one of them. */
export interface League {
  readonly table: string
  readonly title: string
  readonly baseline: string
  readonly metric: string
  readonly format: MetricFormat
  readonly better: 'higher' | 'lower'
  readonly engine: string
  readonly precision: string
  /** Seeds of the baseline. */
  readonly seeds: readonly number[]
  readonly measured: Summary
  readonly costs: Costs
  readonly work: Work
  /** Seeds of the table that the baseline lacks. */
  readonly missing: readonly number[]
  /** The best difference first, those without one last. */
  readonly rows: readonly LeagueRow[]
}

export interface LeagueOptions extends Pick<OpenOptions, 'dataPaths' | 'progress' | 'signal'> {
  /** Where runs are kept. */
  readonly out: string
  /** Folder of the records; default: that of the repository. */
  readonly root?: string | undefined
}

/** Largest difference that counts as none. @unit share of the images */
export const margin = 0.01

/**
 * Sets every row of a table beside its baseline, seed by seed, from records and runs alone. Only trainings on the same data,
 * engine and precision as the baseline's are compared with it.
 * @errors E_RUN_UNKNOWN where the baseline was not trained; E_RECORD; E_DATASET_* where only the data tell how large images are
 */
export async function readLeague(baseline: Row, options: LeagueOptions): Promise<League> {
  const { out, root } = options
  const { table } = baseline
  const trained = await trainedSeeds(baseline, out, root)
  const [first] = trained
  if (first === undefined) failUntrained(baseline, out)
  const own = trained.filter(({ manifest }) => areComparable(manifest, first.manifest)).slice(0, mostPairs)
  const metric = mainMetric(own.flatMap(({ log }) => log.end ?? []))
  const { better, format } = metricOf(first.manifest, metric)
  const results = resultsOf(logsOf(own), metric)
  const work = await countWork(baseline, options)

  const rows: Omit<LeagueRow, 'correctedP'>[] = []
  for (const name of rowNames(table).filter((other) => other !== baseline.name)) {
    const row = normalizeRow(table, name)
    const all = await trainedSeeds(row, out, root)
    const comparable = all.filter(({ manifest }) => areComparable(manifest, first.manifest))
    const theirs = resultsOf(logsOf(comparable), metric)
    const difference = differenceBySeed(theirs, results, better)
    const size = await countWork(row, options)
    rows.push({
      trick: name,
      recipeHash: row.hash,
      results: theirs,
      difference,
      outcome: outcomeOf(difference, format),
      ...size,
      costs: costsOf(logsOf(comparable)),
      ratios: {
        params: ratioOf(size.params, work.params),
        macs: ratioOf(size.macs, work.macs),
        seconds: ratioBySeed(comparable, own, 'secondsPerEpoch'),
        memory: ratioBySeed(comparable, own, 'peakMemoryMiB'),
      },
      missing: row.seeds.filter((seed) => !Object.hasOwn(theirs, seed)),
    })
  }
  const { engine } = first.manifest
  return {
    table: table.id,
    title: table.title,
    baseline: baseline.name,
    metric,
    format,
    better,
    engine: engine.name,
    precision: engine.precision,
    seeds: own.map(({ log }) => log.seed),
    measured: summarize(Object.values(results)),
    costs: costsOf(logsOf(own)),
    work,
    missing: baseline.seeds.filter((seed) => !Object.hasOwn(results, seed)),
    rows: corrected(rows).sort(byDifference),
  }
}

const logsOf = (seeds: readonly TrainedSeed[]) => seeds.map(({ log }) => log)

/** Whether trainings differ in their recipes alone. */
function areComparable(a: TrainedSeed['manifest'], b: TrainedSeed['manifest']): boolean {
  return (
    a.dataset.digest === b.dataset.digest &&
    a.engine.name === b.engine.name &&
    a.engine.precision === b.engine.precision
  )
}

function outcomeOf(difference: PairedDifference | null, format: MetricFormat): Outcome {
  const interval = difference?.interval ?? null
  if (interval === null) return 'open'
  if (interval.low > 0) return 'helps'
  if (interval.high < 0) return 'hurts'
  return isPercent(format) && interval.low > -margin && interval.high < margin ? 'nothing' : 'open'
}

const ratioOf = (own: number | null, of: number | null): number | null =>
  own === null || of === null || of === 0 ? null : own / of

/** The median over the seeds that both trained on the same processor. */
function ratioBySeed(
  seeds: readonly TrainedSeed[],
  baseline: readonly TrainedSeed[],
  cost: keyof Costs,
): number | null {
  const ratios = seeds.flatMap(({ log }) => {
    const other = baseline.find((own) => own.log.seed === log.seed)?.log
    if (other === undefined || !areOfOneMachine(log, other)) return []
    return ratioOf(costsOf([log])[cost], costsOf([other])[cost]) ?? []
  })
  return ratios.length === 0 ? null : median(ratios)
}

function areOfOneMachine(a: TrainedSeed['log'], b: TrainedSeed['log']): boolean {
  const [first, second] = [a.start.origin, b.start.origin]
  return first !== undefined && first.cpu === second?.cpu && first.threads === second.threads
}

function corrected(rows: readonly Omit<LeagueRow, 'correctedP'>[]): LeagueRow[] {
  const compared = rows.flatMap(({ trick, difference }) => (difference === null ? [] : [{ trick, difference }]))
  const values = holm(compared.map(({ difference }) => difference.signFlipP))
  const byTrick = new Map(compared.map(({ trick }, index) => [trick, values[index]!]))
  return rows.map((row) => ({ ...row, correctedP: byTrick.get(row.trick) ?? null }))
}

function byDifference(a: LeagueRow, b: LeagueRow): number {
  const [first, second] = [a.difference, b.difference]
  if (first === null || second === null) return Number(first === null) - Number(second === null)
  return second.mean - first.mean
}

function failUntrained({ table, name }: Row, out: string): never {
  fail('E_RUN_UNKNOWN', {
    what: `No seed of ${table.id}/${name} has finished, so there is nothing to compare with.`,
    expected: `a finished run of today's recipe below ${out}, or an accepted record.`,
    fix: `train it: \`pnpm repro ${table.id}/${name}\`.`,
  })
}
