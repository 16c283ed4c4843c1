import type { Row } from '@tricklab/core/recipe'
import { headlines } from '@tricklab/recipes'
import type { Verdict } from '../record/types.ts'
import type { RunOptions } from '../runner/run.ts'
import type { VerdictRow } from '../verdict/verdict-row.ts'
import { createCostCounter, passesOfTraining, type RowCost } from './cost.ts'
import { finishedSeeds, recordedRow } from './done.ts'
import { arraySeconds, type Candidate, fitBudget, orderJobs, type PlannedJob } from './order.ts'

/** What one machine trains in a second, of a network that every row is compared with. */
export interface ReferenceSpeed {
  /** Its name and the images: `xresnet50 at 128 px`. */
  readonly network: string
  /** Multiply-accumulates of one of its images, forward. */
  readonly macs: number
  /** Training images a second, by precision. */
  readonly imagesPerSecond: Readonly<Record<string, number>>
}

export interface PlanOptions extends Pick<RunOptions, 'out' | 'dataPaths' | 'progress' | 'signal'> {
  /** Seeds of every row; default: those of the table. */
  readonly seeds: readonly number[] | undefined
  /** Precision of every row; default: the row's own. */
  readonly precision?: string | undefined
  /** Machines of an array. */
  readonly machines: number
  /** @unit seconds */
  readonly budget: number | undefined
  /** Folder of the accepted records; default: those of the repository. */
  readonly records?: string
  /** Asked once, with the precisions that the rows are trained in. */
  readonly speed: (precisions: readonly string[]) => Promise<ReferenceSpeed>
}

/** A row of a plan: what it takes, and how far it is. */
export interface PlannedRow extends RowCost {
  readonly table: string
  readonly row: string
  readonly precision: string
  /** Estimate for one seed here. */
  readonly secondsASeed: number
  /** What a seed took of memory at most; null where none has finished. @unit MiB */
  readonly peakMemoryMiB: number | null
  /** Seeds of the accepted record, and its verdict. */
  readonly recorded: readonly number[]
  readonly verdict: Verdict | null
  /** Seeds that have finished below `--out`. */
  readonly finished: readonly number[]
  /** Seeds that are worth training. */
  readonly open: readonly number[]
  /** These one after the other here, and side by side on the machines of the array. */
  readonly seconds: number
  readonly arraySeconds: number
}

export interface Plan {
  readonly reference: ReferenceSpeed
  readonly machines: number
  readonly budget: number | null
  readonly rows: readonly PlannedRow[]
  /** Seeds to train in this order: all that are open, or those that fit the budget. */
  readonly jobs: readonly PlannedJob[]
  /** All of these here, and on the machines of the array. */
  readonly seconds: number
  readonly arraySeconds: number
  /** Open seeds that the budget has no room for. */
  readonly left: number
}

/** Counts what every row takes, looks up what is done, and puts the rest in order. Trains nothing. */
export async function makePlan(rows: readonly Row[], options: PlanOptions): Promise<Plan> {
  const costOf = createCostCounter(options)
  const found: Found[] = []
  for (const row of rows) {
    if (options.signal.aborted) break
    const record = await recordedRow(row, options.records)
    const { seeds, peakMemoryMiB } = finishedSeeds(options.out, row)
    const memory = Math.max(record?.peakMemoryMiB ?? 0, peakMemoryMiB ?? 0)
    const precision = options.precision ?? row.recipe.precision ?? 'f32'
    found.push({ row, record, finished: seeds, memory, precision, cost: await costOf(row) })
  }
  const reference = await options.speed([...new Set(found.map(({ precision }) => precision))])
  const candidates = found.map((each) => candidateOf(each, secondsOf(each, reference), options.seeds))
  const open = orderJobs(candidates)
  const jobs = options.budget === undefined ? open : fitBudget(open, options.budget)
  return {
    reference,
    machines: options.machines,
    budget: options.budget ?? null,
    rows: found.map((each, index) => plannedRow(each, candidates[index]!, open, options.machines)),
    jobs,
    seconds: sumOf(jobs),
    arraySeconds: arraySeconds(jobs, options.machines),
    left: open.length - jobs.length,
  }
}

interface Found {
  readonly row: Row
  readonly record: VerdictRow | undefined
  readonly finished: readonly number[]
  /** 0: not known. */
  readonly memory: number
  readonly precision: string
  readonly cost: RowCost
}

const sumOf = (jobs: readonly PlannedJob[]): number => jobs.reduce((sum, { seconds }) => sum + seconds, 0)

function secondsOf({ cost, precision }: Found, { macs, imagesPerSecond }: ReferenceSpeed): number {
  return cost.work / (passesOfTraining * macs * imagesPerSecond[precision]!)
}

function candidateOf({ row, record, finished }: Found, seconds: number, seeds = row.seeds): Candidate {
  const { table, name } = row
  const place = headlines.flatMap(({ rows, seeds }) => rows.map((text) => ({ text, seeds })))
  const headline = place.findIndex(({ text }) => text === `${table.id}/${name}`)
  return {
    table: table.id,
    row: name,
    headline: headline < 0 ? null : headline,
    headlineSeeds: place[headline]?.seeds ?? 0,
    wanted: seeds,
    done: [...(record?.seeds ?? []), ...finished],
    settled: record !== undefined && isSettled(record),
    seconds,
  }
}

/** True where no further seed is asked for: the mean is known to the tolerance, or there is nothing to judge by. */
function isSettled({ tolerance, reported, halfWidth }: VerdictRow): boolean {
  if (tolerance === null || reported === null) return true
  return halfWidth !== null && halfWidth <= tolerance
}

function plannedRow(found: Found, candidate: Candidate, jobs: readonly PlannedJob[], machines: number): PlannedRow {
  const { table, row, seconds } = candidate
  const own = jobs.filter((job) => job.table === table && job.row === row)
  return {
    table,
    row,
    precision: found.precision,
    ...found.cost,
    secondsASeed: seconds,
    peakMemoryMiB: found.memory === 0 ? null : found.memory,
    recorded: found.record?.seeds ?? [],
    verdict: found.record?.verdict ?? null,
    finished: found.finished,
    open: own.map(({ seed }) => seed),
    seconds: sumOf(own),
    arraySeconds: arraySeconds(own, machines),
  }
}
