import { failAll, type Problem } from '@tricklab/core/errors'
import type { JoinedRun, Manifest } from '../record/types.ts'

/**
 * The manifest of an accepted record to which the seeds of another run are added. What they ran on stays theirs.
 * @errors E_RECORD when the two are not of one recipe, dataset, engine and precision, or share a seed
 */
export function joinManifests(accepted: Manifest, run: Manifest): Manifest {
  failAll(obstacles(accepted, run))
  const { engine, environment, started, ended, joined = [] } = run
  const resumed = [...(accepted.resumed ?? []), ...(run.resumed ?? [])]
  const apart = new Set(joined.flatMap(({ seeds }) => seeds))
  const own: JoinedRun = { seeds: run.seeds.filter((seed) => !apart.has(seed)), engine, environment, started, ended }
  return {
    ...accepted,
    seeds: [...accepted.seeds, ...run.seeds].sort((a, b) => a - b),
    status: { ...accepted.status, ...run.status },
    joined: [...(accepted.joined ?? []), own, ...joined],
    ...(resumed.length === 0 ? {} : { resumed }),
  }
}

/** Seeds are runs of one experiment only where nothing but the seed was another. */
function obstacles(accepted: Manifest, run: Manifest): Problem[] {
  const same: readonly [what: string, (manifest: Manifest) => string][] = [
    ['rows', ({ table, row }) => `${table}/${row}`],
    ['recipes', ({ recipeHash }) => recipeHash],
    ['datasets', ({ dataset }) => dataset.digest],
    ['engines', ({ engine }) => engine.name],
    ['precisions', ({ engine }) => engine.precision],
    ['limits', ({ partial }) => JSON.stringify(partial)],
  ]
  const problems = same.flatMap(([what, of]): Problem[] => {
    const [expected, received] = [of(accepted), of(run)]
    return expected === received ? [] : [{ code: 'E_RECORD', what: `The ${what} differ.`, expected, received }]
  })
  const twice = run.seeds.filter((seed) => accepted.seeds.includes(seed))
  if (twice.length > 0) {
    problems.push({
      code: 'E_RECORD',
      what: `The run and the record both have seed ${twice.join(', ')}.`,
      expected: `seeds other than ${accepted.seeds.join(', ')}.`,
      received: `${run.seeds.join(', ')}.`,
      fix: 'leave out `--join` to replace the record by the run.',
    })
  }
  return problems
}
