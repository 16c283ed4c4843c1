import { fail, failAll, type Problem, suggest } from '../errors/index.ts'
import { hashJson } from '../hash.ts'
import { asJson, type Json } from '../json.ts'
import { createRegistry, type Registry } from '../plugin/registry.ts'
import type { ReportedValues, SummaryTable, Table, TrainingTable } from './define.ts'
import { readFields, readingOf } from './field.ts'
import { type NormalRecipe, recipeFields } from './fields.ts'
import { describeMetrics, type JudgedRow } from './judged.ts'
import { merge } from './merge.ts'
import type { MetricTraits } from './metric-traits.ts'
import { normalizeModel } from './model.ts'
import { type JsonObject, missing } from './problems.ts'
import { inheritedStages, joinStages, stageChange } from './stages.ts'
import { checkHead } from './table.ts'
import { checkTrack } from './track.ts'

/** A row ready to run. */
export interface Row {
  readonly table: TrainingTable
  readonly name: string
  readonly recipe: NormalRecipe
  /** What is known of every score of the row, the loss last. */
  readonly metrics: readonly MetricTraits[]
  /** SHA-256 of the recipe: binds records and README tables to it. */
  readonly hash: string
  readonly reported: ReportedValues | undefined
  readonly tolerance: number | undefined
  readonly seeds: readonly number[]
  /** Seeds that the accepted record must hold. */
  readonly recordedSeeds: readonly number[]
  readonly note: string | undefined
  readonly knownToFallShort: boolean
  readonly knownToExceed: boolean
}

/** Name of every row of a table, in its own order. */
export const rowNames = (table: Table): string[] => Object.keys(table.rows)

/**
 * Resolves inheritance, fills in every default and reports all problems at once, before any tensor is made.
 * @errors E_ROW_UNKNOWN, E_RECIPE, E_COMPONENT_UNKNOWN, E_OPTION_*
 */
export function normalizeRow(table: TrainingTable, name: string, given?: Registry): Row {
  failAll(checkHead(table))
  const registry = given ?? createRegistry(table.plugins)
  checkRowName(table, name)
  const where = `${table.id}/${name}`
  const { seeds, tolerance, ...base } = table.base
  const chain = inheritance(table, name)
  const spec = chain.reduce((merged, row) => merge(merged, asJson(row.change ?? {})), asJson(base))
  const own = chain.at(-1)!

  const problems: Problem[] = []
  const stages = inheritedStages(chain.map(asJson), where, problems)
  // Every stage has its own epochs, so a table of stages alone need not name any.
  const whole = normalizeRecipe(stages === undefined ? spec : { epochs: 1, ...spec }, registry, where, problems)
  const recipe = stages === undefined ? whole : normalizeStages(spec, stages, registry, where, problems)
  const judged = { reported: own.reported, tolerance: own.tolerance ?? tolerance }
  const usedSeeds = checkSeeds(own.seeds ?? seeds, own.recordedSeeds, where, problems)
  // The sizes of crops are known only where everything else is right.
  if (problems.length === 0) checkTrack(recipe, own.track ?? table.track, registry, where, problems)
  const metrics = describeMetrics(spec.metrics, judged as JudgedRow, registry, where, problems)
  failAll(problems)
  return {
    table,
    name,
    recipe,
    metrics,
    hash: hashJson(asJson(recipe)),
    ...judged,
    seeds: usedSeeds,
    recordedSeeds: own.recordedSeeds ?? usedSeeds,
    note: own.note,
    knownToFallShort: own.knownToFallShort ?? false,
    knownToExceed: own.knownToExceed ?? false,
  }
}

/** Checks that seeds are whole numbers, each once: files are named after them. */
function checkSeeds(
  seeds: readonly number[],
  recorded: readonly number[] | undefined,
  where: string,
  problems: Problem[],
): readonly number[] {
  const isSeed = (seed: unknown) => Number.isSafeInteger(seed) && (seed as number) >= 0
  const isSet = (list: unknown): list is readonly number[] =>
    Array.isArray(list) && list.length > 0 && list.every(isSeed) && new Set(list).size === list.length
  const form = 'a list of whole numbers from 0, at least one, each once'
  if (!isSet(seeds)) problems.push(missing(where, 'seeds', form, seeds as Json | undefined))
  if (recorded !== undefined && !(isSet(recorded) && isSet(seeds) && recorded.every((seed) => seeds.includes(seed)))) {
    problems.push(missing(where, 'recordedSeeds', 'some of the `seeds`, each once', recorded))
  }
  return seeds
}

/** Resolves the model of a summary row. */
export function normalizeSummaryModel(table: SummaryTable, name: string, registry = createRegistry(table.plugins)) {
  checkRowName(table, name)
  const problems: Problem[] = []
  const model = normalizeModel(asJson(table.rows[name]!).model, registry, `${table.id}/${name}`, problems)
  failAll(problems)
  return model
}

function checkRowName(table: Table, name: string): void {
  if (Object.hasOwn(table.rows, name)) return
  fail('E_ROW_UNKNOWN', {
    what: `Table "${table.id}" has no row "${name}".`,
    expected: `one of ${rowNames(table).join(', ')}.`,
    received: `"${name}".`,
    fix: suggest(name, rowNames(table)),
  })
}

/** The rows from the base down to `name`. */
function inheritance(table: TrainingTable, name: string) {
  const chain: (typeof table.rows)[string][] = []
  const visited: string[] = []
  for (let next: string | undefined = name; next !== undefined; ) {
    checkRowName(table, next)
    if (visited.includes(next)) {
      fail('E_RECIPE', {
        what: `Rows of "${table.id}" inherit from each other in a circle.`,
        expected: '`from` chains that end at the base.',
        received: [...visited, next].join(' → '),
        fix: `remove \`from\` in one of these rows.`,
      })
    }
    visited.push(next)
    const row: (typeof table.rows)[string] = table.rows[next]!
    chain.unshift(row)
    next = row.from
  }
  return chain
}

/** Every stage is a change of the row, which must be whole by itself: what is wrong in the row is told once. */
function normalizeStages(
  spec: JsonObject,
  stages: readonly Json[],
  registry: Registry,
  where: string,
  problems: Problem[],
): NormalRecipe {
  const told = new Set(problems.map(({ what }) => what))
  const recipes = stages.map((stage, index) => {
    const place = `${where} stage ${index + 1}`
    const found: Problem[] = []
    const change = stageChange(stage, place, found)
    const recipe = normalizeRecipe(merge(spec, change), registry, place, found)
    problems.push(...found.filter(({ what }) => !told.has(what.replace(place, where))))
    return recipe
  })
  return joinStages(recipes)
}

const normalizeRecipe = (spec: JsonObject, registry: Registry, where: string, problems: Problem[]): NormalRecipe =>
  readFields(recipeFields, spec, where, readingOf(registry, where, problems))
