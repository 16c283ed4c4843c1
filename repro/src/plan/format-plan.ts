import { formatSeconds, formatSeeds } from '../format.ts'
import { alignColumns } from '../text-columns.ts'
import { verdictWords } from '../verdict/words.ts'
import type { PlannedJob } from './order.ts'
import type { Plan, PlannedRow, ReferenceSpeed } from './plan.ts'

/** The plan as text: a line a row, then the order of work. */
export function formatPlan(plan: Plan): string {
  const { machines, rows } = plan
  const heads = [
    'row',
    'MACs',
    'steps',
    'a seed',
    'memory',
    'recorded',
    'verdict',
    'finished',
    'open',
    'here',
    `on ${machines}`,
  ]
  return [
    alignColumns([heads, ...rows.map(cellsOf)]),
    speedLine(plan.reference),
    ['Order of work:', ...orderLines(plan.jobs)].join('\n'),
    totals(plan),
  ].join('\n\n')
}

function cellsOf(row: PlannedRow): string[] {
  const { recorded, verdict, finished, open } = row
  return [
    `${row.table}/${row.row}`,
    formatMacs(row.macs),
    `${row.steps}`,
    formatSeconds(row.secondsASeed),
    row.peakMemoryMiB === null ? '–' : `${Math.round(row.peakMemoryMiB)} MiB`,
    formatSeeds(recorded),
    verdict === null ? '–' : verdictWords[verdict].words,
    formatSeeds(finished),
    formatSeeds(open),
    open.length === 0 ? '–' : formatSeconds(row.seconds),
    open.length === 0 ? '–' : formatSeconds(row.arraySeconds),
  ]
}

/** `1.66 G`, `0.31 M`: multiply-accumulates of one image. */
function formatMacs(macs: number): string {
  return macs >= 1e8 ? `${(macs / 1e9).toFixed(2)} G` : `${(macs / 1e6).toFixed(2)} M`
}

function speedLine({ network, imagesPerSecond }: ReferenceSpeed): string {
  const speeds = Object.entries(imagesPerSecond).map(
    ([precision, speed]) => `${Number(speed.toPrecision(3))} in ${precision}`,
  )
  return `Times follow from MACs and from the training images of ${network} that pass in a second: ${speeds.join(', ')}.`
}

/** Neighbours of one row stand in one line. */
function orderLines(jobs: readonly PlannedJob[]): string[] {
  if (jobs.length === 0) return ['  nothing']
  const groups: PlannedJob[][] = []
  for (const job of jobs) {
    const last = groups.at(-1)
    const [before] = last ?? []
    const same = before?.table === job.table && before.row === job.row && before.reason === job.reason
    if (last !== undefined && same) last.push(job)
    else groups.push([job])
  }
  return groups.map((group, index) => {
    const [{ table, row, reason }] = group as [PlannedJob]
    const seconds = group.reduce((sum, job) => sum + job.seconds, 0)
    const seeds = `seed ${formatSeeds(group.map(({ seed }) => seed))}`
    return `  ${index + 1}. ${table}/${row}, ${seeds}: ${formatSeconds(seconds)} (${reason})`
  })
}

function totals({ jobs, seconds, arraySeconds, machines, budget, left }: Plan): string {
  const count = jobs.length === 1 ? '1 seed' : `${jobs.length} seeds`
  const array = machines === 1 ? '' : `, or ${formatSeconds(arraySeconds)} as an array of ${machines} machines`
  const whole = `${count}: ${formatSeconds(seconds)} here, one after the other${array}.`
  if (budget === null) return whole
  return `${whole} ${left} more ${left === 1 ? 'seed does' : 'seeds do'} not fit the budget of ${formatSeconds(budget)}.`
}
