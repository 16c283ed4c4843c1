import { canonicalJson, type Json } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { hashJson } from '@tricklab/core/hash'
import { knownPhotos, readOrigin } from '@tricklab/data'
import { problem } from '../record/problem.ts'
import type { RunRecord } from '../record/read.ts'
import type { JoinedRun, Manifest } from '../record/types.ts'
import type { CheckOptions } from './check.ts'
import { checkOrigin } from './check-origin.ts'
import type { CurrentRow } from './current-row.ts'

/** Verifies that a manifest is that of its row, of data that are known, and complete. */
export function checkManifest(
  record: RunRecord,
  row: CurrentRow | undefined,
  { ownData = false }: Pick<CheckOptions, 'ownData'> = {},
): Problem[] {
  const { manifest } = record
  return [
    ...checkRecipe(manifest),
    ...(row === undefined ? [] : checkHead(manifest, row)),
    ...(row === undefined ? [] : checkDataset(manifest, row, ownData)),
    ...(row === undefined ? [] : checkHooks(manifest, row)),
    ...checkCompleteness(record, row),
    ...checkOrigins(record, row),
  ]
}

function checkRecipe({ recipe, recipeHash, table, row }: Manifest): Problem[] {
  const own = hashJson(recipe)
  if (own === recipeHash) return []
  const what = 'The recipe in the manifest does not have the hash stated.'
  return [problem(what, recipeHash, own, runAgain({ table, row }))]
}

const runAgain = ({ table, row }: Pick<Manifest, 'table' | 'row'>) =>
  `run \`pnpm repro ${table}/${row}\` and accept the new record.`

const acceptAgain =
  'accept the record once more: `pnpm repro accept` takes the text from the table. No training is needed.'

/** What is not the row's, in words. */
const headNames = {
  table: 'The record is of another table.',
  row: 'The record is of another row.',
  recipeHash: 'The recipe has changed since the run.',
  title: 'The title of the table has changed since the run.',
  source: 'The source of the table has changed since the run.',
  metrics: 'The description of the metrics has changed since the run.',
  tolerance: 'The tolerance has changed since the run.',
  reported: 'The documented values have changed since the run.',
  note: 'The note of the row has changed since the run.',
} as const

/** Every part of the manifest that the table decides. */
function checkHead(manifest: Manifest, { head }: CurrentRow): Problem[] {
  return (Object.keys(headNames) as (keyof typeof headNames)[]).flatMap((key) => {
    const [expected, received] = [head, manifest].map((of) => of[key] as unknown as Json | undefined)
    const [should, is] = [expected, received].map((value) => (value == null ? 'none' : canonicalJson(value)))
    if (should === is) return []
    const fix = ['table', 'row', 'recipeHash'].includes(key) ? runAgain(head) : acceptAgain
    return [problem(headNames[key], should, is, fix)]
  })
}

function checkDataset(manifest: Manifest, { datasetName, facts, trainSize, validSize }: CurrentRow, ownData: boolean) {
  const { dataset, table, row } = manifest
  const problems: Problem[] = []
  const again = runAgain({ table, row })
  if (dataset.name !== datasetName) {
    problems.push(problem('The record is of another dataset.', datasetName, dataset.name, again))
  }
  if (dataset.train !== trainSize || dataset.valid !== validSize) {
    const expected = `${trainSize} training and ${validSize} validation images`
    problems.push(problem('The dataset has another size.', expected, `${dataset.train} and ${dataset.valid}`, again))
  }
  const classes = facts?.classes?.length ?? dataset.classes
  if (dataset.classes === undefined || dataset.classes !== classes || classes < 1) {
    problems.push(problem('The dataset has another number of classes.', `${classes}`, `${dataset.classes}`, again))
  }
  const builds = facts?.contents
  if (builds !== undefined && (builds.exhaustive || !ownData) && !builds.digests.includes(dataset.digest)) {
    const fix = 'check the data; if they are a new build, add their digest to the list of the dataset.'
    problems.push(
      problem(
        'Tricklab does not know data with this digest.',
        builds.digests.join(', ') || 'a digest',
        dataset.digest,
        fix,
      ),
    )
  }
  problems.push(...checkPhotos(manifest))
  return problems
}

/** Photos that are known by their digest are what the record says they are. */
function checkPhotos({ dataset, recipe }: Manifest): Problem[] {
  const known = knownPhotos(dataset.digest)
  if (known === undefined) return []
  const told = readOrigin(dataset.note, dataset.digest)
  const { archive } = (recipe as { data?: { dataset?: { archive?: string } } } | null)?.data?.dataset ?? {}
  // Of the very photos that the recipe asks for nothing has to be told.
  const right =
    told === undefined
      ? known.kind === 'official' && archive === `${known.shorterSide}`
      : told.kind === known.kind && told.shorterSide === known.shorterSide
  if (right) return []
  const expected = `the ${known.kind} ${known.shorterSide} px photos`
  return [problem('The record tells of other photos than those of its digest.', expected, `${dataset.note}`)]
}

function checkHooks({ hooks, table, row }: Manifest, current: CurrentRow): Problem[] {
  const [expected, received] = [canonicalJson(current.hooks as Json), canonicalJson(hooks as Json)]
  if (expected === received) return []
  return [problem('The callbacks ran in another order.', expected, received, runAgain({ table, row }))]
}

function checkCompleteness({ manifest, logs }: RunRecord, row: CurrentRow | undefined): Problem[] {
  const { seeds, status, partial } = manifest
  const problems: Problem[] = []
  if (partial !== null) {
    problems.push(problem('The run was shortened.', 'a full run', JSON.stringify(partial)))
  }
  const missing = (row?.seeds ?? []).filter((seed) => !seeds.includes(seed))
  if (missing.length > 0) {
    problems.push(problem('Seeds are missing.', row!.seeds.join(', '), seeds.join(', ')))
  }
  if (new Set(seeds).size !== seeds.length || seeds.length === 0 || seeds.some((seed) => seed < 0)) {
    problems.push(problem('The list of seeds is not valid.', 'at least one, each once, from 0', seeds.join(', ')))
  }
  for (const seed of seeds) {
    const own = status[seed]
    if (own !== 'done') problems.push(problem(`Seed ${seed} is not done.`, 'done', own ?? 'no status'))
    if (!logs.some((log) => log.seed === seed)) problems.push(problem(`Seed ${seed} has no log.`))
  }
  const strange = Object.keys(status).find((seed) => !seeds.map(String).includes(seed))
  if (strange !== undefined) problems.push(problem(`Seed ${strange} has a status, but is none of the seeds.`))
  return problems
}

/** The run that the manifest began with, and those that were joined with it: each with its seeds. */
function checkOrigins({ manifest, logs }: RunRecord, row: CurrentRow | undefined): Problem[] {
  const { engine, environment, started, ended, seeds, joined = [] } = manifest
  const apart = joined.flatMap((run) => run.seeds)
  const first: JoinedRun = { engine, environment, started, ended, seeds: seeds.filter((seed) => !apart.includes(seed)) }
  const problems = [first, ...joined].flatMap((run) => checkOrigin(run, { logs, row }))
  if (manifest.joined?.length === 0) problems.push(problem('The list of joined runs is empty.'))
  if (new Set(apart).size !== apart.length || apart.some((seed) => !seeds.includes(seed))) {
    problems.push(
      problem('Joined runs share a seed, or have one that the record has not.', seeds.join(', '), apart.join(', ')),
    )
  }
  const other = joined.find((run) => run.engine.name !== engine.name || run.engine.precision !== engine.precision)
  if (other !== undefined) {
    const named = ({ name, precision }: Manifest['engine']) => `${name} ${precision}`
    problems.push(problem('A joined run has another engine or precision.', named(engine), named(other.engine)))
  }
  return problems
}
