/** Why a seed is worth training: in this order. */
export type Reason = 'headline' | 'first seed' | 'more seeds'

/** What the order depends on. */
export interface Candidate {
  readonly table: string
  readonly row: string
  /** Place among the headlines; null for other rows. */
  readonly headline: number | null
  /** How many of the wanted seeds are the headline's. */
  readonly headlineSeeds: number
  /** Seeds asked for. */
  readonly wanted: readonly number[]
  /** Seeds that are recorded, or finished and not accepted yet. */
  readonly done: readonly number[]
  /** The mean is known well enough for the tolerance, so that further seeds change little. */
  readonly settled: boolean
  /** Estimate for one seed here. */
  readonly seconds: number
}

/** One seed to train. */
export interface PlannedJob {
  readonly table: string
  readonly row: string
  readonly seed: number
  readonly seconds: number
  readonly reason: Reason
}

/**
 * The seeds that are worth training, the most worthwhile first: those of headline rows in their order, then one of every
 * row that has none, then the others of rows whose interval is wider than the tolerance. What is done is left out.
 */
export function orderJobs(candidates: readonly Candidate[]): PlannedJob[] {
  const taken = new Set<string>()
  const take = (candidate: Candidate, seeds: readonly number[], reason: Reason): PlannedJob[] =>
    seeds.flatMap((seed) => {
      const { table, row, done, seconds } = candidate
      const key = JSON.stringify([table, row, seed])
      if (done.includes(seed) || taken.has(key)) return []
      taken.add(key)
      return [{ table, row, seed, seconds, reason }]
    })
  const ranked = candidates.filter(({ headline }) => headline !== null).sort((a, b) => a.headline! - b.headline!)
  const first = candidates.filter(({ headline, done }) => headline === null && done.length === 0)
  return [
    ...ranked.flatMap((candidate) => take(candidate, candidate.wanted.slice(0, candidate.headlineSeeds), 'headline')),
    ...first.flatMap((candidate) => take(candidate, candidate.wanted.slice(0, 1), 'first seed')),
    ...candidates
      .filter(({ settled }) => !settled)
      .flatMap((candidate) => take(candidate, candidate.wanted, 'more seeds')),
  ]
}

/** Of jobs in their order those that still fit when the ones before have run; a long one makes room for shorter ones. */
export function fitBudget(jobs: readonly PlannedJob[], seconds: number): PlannedJob[] {
  let left = seconds
  return jobs.filter((job) => {
    if (job.seconds > left) return false
    left -= job.seconds
    return true
  })
}

/** How long jobs take on so many machines like this one, the longest begun first. */
export function arraySeconds(jobs: readonly { readonly seconds: number }[], machines: number): number {
  const busy = new Array<number>(Math.max(1, Math.min(machines, jobs.length))).fill(0)
  for (const { seconds } of [...jobs].sort((a, b) => b.seconds - a.seconds)) {
    const next = busy.indexOf(Math.min(...busy))
    busy[next]! += seconds
  }
  return Math.max(...busy)
}
