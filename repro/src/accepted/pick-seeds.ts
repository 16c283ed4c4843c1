import { fail } from '@tricklab/core'
import type { SeedLog } from '../record/read.ts'
import type { Manifest } from '../record/types.ts'

/**
 * The manifest of some seeds of a run, as if no others had been asked for: the run then ended with the last of them.
 * What is unfinished may be left out in this way, and nothing else is changed.
 * @errors E_ARGUMENT for a seed that the run does not have
 */
export function pickSeeds(manifest: Manifest, seeds: readonly number[], logs: readonly SeedLog[]): Manifest {
  const missing = seeds.filter((seed) => !manifest.seeds.includes(seed))
  if (missing.length > 0) {
    fail('E_ARGUMENT', {
      what: `The run has no seed ${missing.join(', ')}.`,
      expected: `some of ${manifest.seeds.join(', ')}.`,
      received: `${seeds.join(', ')}.`,
    })
  }
  const only = <T extends { readonly seeds: readonly number[] }>(parts: readonly T[] = []): T[] =>
    parts.flatMap((part) => {
      const kept = part.seeds.filter((seed) => seeds.includes(seed))
      return kept.length === 0 ? [] : [{ ...part, seeds: kept }]
    })
  const { joined, resumed, ...rest } = manifest
  const ends = logs.flatMap(({ seed, end }) => (seeds.includes(seed) && end !== null ? [end.time] : []))
  return {
    ...rest,
    seeds: manifest.seeds.filter((seed) => seeds.includes(seed)),
    status: Object.fromEntries(Object.entries(manifest.status).filter(([seed]) => seeds.includes(Number(seed)))),
    ended: manifest.ended ?? ends.sort().at(-1) ?? null,
    ...(joined === undefined ? {} : { joined: only(joined) }),
    ...(resumed === undefined ? {} : { resumed: only(resumed) }),
  }
}
