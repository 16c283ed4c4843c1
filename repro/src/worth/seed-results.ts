import type { SeedLog } from '../record/read.ts'
import { type PairedDifference, pairedDifference } from '../statistics/index.ts'

/** Results of the seeds that are done, by seed. */
export interface SeedResults {
  readonly [seed: string]: number
}

/** What each seed reached in a metric; one that is not done, or has no such score, is left out. */
export function resultsOf(logs: readonly SeedLog[], metric: string): SeedResults {
  return Object.fromEntries(
    logs.flatMap(({ seed, end }) => {
      const value = end?.result[metric]
      return value === undefined ? [] : [[seed, value] as const]
    }),
  )
}

/** By how much the first results are better than the second, over the seeds that both have; null for none. */
export function differenceBySeed(
  first: SeedResults,
  second: SeedResults,
  better: 'higher' | 'lower',
): PairedDifference | null {
  const paired = Object.keys(first).filter((seed) => Object.hasOwn(second, seed))
  if (paired.length === 0) return null
  const sign = better === 'higher' ? 1 : -1
  return pairedDifference(paired.map((seed) => sign * (first[seed]! - second[seed]!)))
}
