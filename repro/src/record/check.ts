import {
  canonicalJson,
  type Json,
  type MetricTraits,
  type NormalRecipe,
  type NormalStage,
  type Problem,
  TricklabError,
} from '@tricklab/core'
import { hashJson } from '@tricklab/core/checkpoint'
import { judge, within } from '../verdict.ts'
import { checkLog, type Plan } from './check-log.ts'
import { metricOf, validationOf } from './metrics.ts'
import { type RunRecord, readRecord } from './read.ts'
import type { Manifest, Reported } from './types.ts'

/** The row as the recipe declares it today: what an accepted record must still agree with. */
export interface CurrentRow extends Plan {
  readonly recipeHash: string
  readonly reported: Reported | null
  readonly tolerance: number | null
  readonly seeds: readonly number[]
  readonly validSize: number
  readonly metrics: readonly MetricTraits[]
}

export interface CheckOptions {
  /** The recipe itself declares that this row falls short of its source. */
  readonly acceptFallsShort?: boolean
}

/**
 * Verifies an accepted record from its files alone: that it belongs to the recipe, is complete, adds up, and lies
 * within the tolerance. Returns every problem found; none means that the record holds.
 */
export async function checkRecord(folder: string, row?: CurrentRow, options: CheckOptions = {}): Promise<Problem[]> {
  let record: RunRecord
  try {
    record = await readRecord(folder)
  } catch (error) {
    if (error instanceof TricklabError) return [...error.problems]
    throw error
  }
  const { manifest } = record
  return [
    ...checkIdentity(manifest, row),
    ...checkCompleteness(record, row),
    ...record.logs.flatMap((log) => checkLog(log, row ?? planOf(manifest))),
    ...checkVerdict(record, row, options),
  ].map((problem) => ({ ...problem, what: `${folder}: ${problem.what}` }))
}

function checkIdentity(manifest: Manifest, row: CurrentRow | undefined): Problem[] {
  const problems: Problem[] = []
  const again = `run \`pnpm repro ${manifest.table}/${manifest.row}\` and accept the new record.`
  const own = hashJson(manifest.recipe)
  if (own !== manifest.recipeHash) {
    problems.push(problem('The recipe in the manifest does not have the hash stated.', manifest.recipeHash, own, again))
  }
  if (row === undefined) return problems
  if (row.recipeHash !== manifest.recipeHash) {
    problems.push(problem('The recipe has changed since.', row.recipeHash, manifest.recipeHash, again))
  }
  if (row.tolerance !== manifest.tolerance) {
    const fix = 'correct `tolerance` in the manifest; nothing needs to be run again.'
    problems.push(problem('The tolerance has changed since.', `${row.tolerance}`, `${manifest.tolerance}`, fix))
  }
  const [expected, received] = [documented(row.reported), documented(manifest.reported)]
  if (expected !== received) {
    const fix = 'correct `reported` in the manifest; nothing needs to be run again.'
    problems.push(problem('The documented values have changed since.', expected, received, fix))
  }
  const { train, valid } = manifest.dataset
  if (train !== row.trainSize || valid !== row.validSize) {
    const expectedSizes = `${row.trainSize} training and ${row.validSize} validation images`
    problems.push(problem('The dataset has another size.', expectedSizes, `${train} and ${valid}`, again))
  }
  const [declared, recorded] = [row.metrics, manifest.metrics].map((metrics) => JSON.stringify(metrics))
  if (recorded !== undefined && recorded !== declared) {
    const fix = 'correct `metrics` in the manifest; nothing needs to be run again.'
    problems.push(problem('The metrics are described otherwise now.', declared, recorded, fix))
  }
  return problems
}

/** The documented values that the verdict is about. */
function documented(reported: Reported | null): string {
  if (reported === null) return 'none'
  const { metric, runs, mean, sd, n } = reported
  const values = { metric, runs: runs ?? null, mean: mean ?? null, sd: sd ?? null, n: n ?? null }
  return canonicalJson(values as unknown as Json)
}

function checkCompleteness({ manifest, logs }: RunRecord, row: CurrentRow | undefined): Problem[] {
  const problems: Problem[] = []
  if (manifest.partial !== null) {
    problems.push(problem('The run was shortened.', 'a full run', JSON.stringify(manifest.partial)))
  }
  const missing = (row?.seeds ?? []).filter((seed) => !manifest.seeds.includes(seed))
  if (missing.length > 0) {
    problems.push(problem('Seeds are missing.', row!.seeds.join(', '), manifest.seeds.join(', ')))
  }
  if (new Set(manifest.seeds).size !== manifest.seeds.length || manifest.seeds.length === 0) {
    problems.push(problem('The seeds are not a set.', 'at least one, each once', manifest.seeds.join(', ')))
  }
  for (const seed of manifest.seeds) {
    const status = manifest.status[seed]
    if (status !== 'done') problems.push(problem(`Seed ${seed} is not done.`, 'done', status ?? 'no status'))
    if (!logs.some((log) => log.seed === seed)) problems.push(problem(`Seed ${seed} has no log.`))
  }
  if (manifest.ended === null) problems.push(problem('The run has not ended.'))
  else if (Date.parse(manifest.ended) < Date.parse(manifest.started)) {
    problems.push(problem('The run ends before it starts.', `after ${manifest.started}`, manifest.ended))
  }
  return problems
}

function checkVerdict({ manifest, logs }: RunRecord, row: CurrentRow | undefined, options: CheckOptions): Problem[] {
  const reported = row === undefined ? manifest.reported : row.reported
  const tolerance = row === undefined ? manifest.tolerance : row.tolerance
  if (reported === null || tolerance === null) return []
  const finished = logs.filter((log) => log.end !== null)
  const measured = finished.map((log) => log.end!.result[reported.metric])
  if (measured.some((value) => value === undefined)) {
    return [problem(`A result lacks the metric "${reported.metric}".`)]
  }
  // The direction is the recipe's: a record cannot turn it round.
  const metric = row?.metrics.find(({ name }) => name === reported.metric) ?? metricOf(manifest, reported.metric)
  const { better } = metric
  const validation = validationOf(manifest)
  const judgement = judge({ reported, measured: measured as number[], tolerance, partial: false, metric, validation })
  // Too few seeds must not hide a mean that lies outside.
  const difference = judgement.difference ?? 0
  const worse = !within(difference, tolerance) && difference > 0 !== (better === 'higher')
  if (!worse || options.acceptFallsShort === true) return []
  return [problem(`The result falls short of the documented value. ${judgement.note}`)]
}

/** What the recipe in the manifest asks for: checked against where the caller has no recipe at hand. */
function planOf({ recipe, dataset }: Manifest): Plan | null {
  const { stages, ...whole } = (recipe ?? {}) as unknown as Partial<NormalRecipe>
  const planned = stages ?? [whole]
  if (planned.some(({ epochs, batchSize, data }) => [epochs, batchSize, data].includes(undefined))) return null
  return {
    trainSize: dataset.train,
    predictor: whole.predictor?.use,
    ...planOfStages(planned as readonly NormalStage[], stages !== undefined),
  }
}

/** Lengths of the stages of a recipe; of one without stages its own. */
export function planOfStages(stages: readonly NormalStage[], staged: boolean): Omit<Plan, 'trainSize' | 'predictor'> {
  return {
    staged,
    stages: stages.map(({ epochs, batchSize, data }) => ({ epochs, batchSize, dropLast: data.dropLast })),
  }
}

function problem(what: string, expected?: string, received?: string, fix?: string): Problem {
  return {
    code: 'E_RECORD',
    what,
    ...(expected === undefined ? {} : { expected: `${expected}.` }),
    ...(received === undefined ? {} : { received: `${received}.` }),
    ...(fix === undefined ? {} : { fix }),
  }
}
