import { type Problem, suggest } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { Registry } from '../plugin/registry.ts'
import { componentReader } from './components.ts'
import { lossTraits, type MetricTraits, traitsOf } from './metric-traits.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

/** Metrics are described before the data is opened: as if there were this many classes. */
const someClasses = Array.from({ length: 1000 }, (_, index) => `class ${index}`)

/** What a row says of its verdict. */
export interface JudgedRow {
  readonly reported?: Json
  readonly tolerance?: Json
}

/**
 * Describes the scores of a recipe by its `metrics`, the loss last; adds to `problems` what the verdict could not be made of: two metrics
 * of one name, a judged metric that nobody computes, documented values that it cannot have.
 */
export function describeMetrics(
  given: Json | undefined,
  judged: JudgedRow,
  registry: Registry,
  where: string,
  problems: Problem[],
): MetricTraits[] {
  const own: Problem[] = []
  const uses = componentReader(registry, where, own).components('metric', given, 'metrics')
  // Told already where the recipe was read; such a metric cannot be made.
  if (own.length > 0) return []
  const made = uses.map((use) => registry.create('metric', use, { classes: someClasses }))
  const metrics = [...made.map(traitsOf), lossTraits]
  const names = metrics.map(({ name }) => name)
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push({
      code: 'E_RECIPE',
      what: `${where} computes two scores named "${name}", but a record can hold only one.`,
      expected: 'metrics whose names differ from each other and from "loss".',
      received: `${names.join(', ')}.`,
      fix: 'remove one of them from `metrics`.',
    })
  }
  const metric = checkReported(judged.reported, metrics, where, problems)
  checkTolerance(judged.tolerance, metric, where, problems)
  return metrics
}

const reportedKeys = 'metric runs mean sd n leaderboard curve'.split(' ')

/** Checks the documented values; returns the metric that they are of, undefined where it is unknown. */
function checkReported(
  reported: Json | undefined,
  metrics: readonly MetricTraits[],
  where: string,
  problems: Problem[],
): MetricTraits | undefined {
  const { metric: name = 'accuracy', ...values } = isObject(reported) ? reported : {}
  const metric = metrics.find((candidate) => candidate.name === name)
  if (reported === undefined) return metric
  if (!isObject(reported)) {
    problems.push(misstated(where, 'reported', 'an object such as { runs: [0.89, 0.9] }', reported))
    return undefined
  }
  const place = `${where} reported`
  checkKeys(reported, reportedKeys, place, problems)
  const compares = values.runs !== undefined || values.mean !== undefined
  if (metric === undefined && (compares || reported.metric !== undefined)) {
    const names = metrics.map((candidate) => candidate.name)
    problems.push({
      code: 'E_RECIPE',
      what: `${where} compares "${String(name)}" with its documented value, but does not compute it.`,
      expected: `one of ${names.join(', ')}.`,
      received: reported.metric === undefined ? 'no `metric`, which means accuracy.' : `${JSON.stringify(name)}.`,
      fix: `${suggest(String(name), names)} Or add the metric to \`metrics\`.`,
    })
  }
  checkValues(values, metric, place, problems)
  return metric
}

function checkValues(
  { runs, mean, sd, n, leaderboard }: JsonObject,
  metric: MetricTraits | undefined,
  place: string,
  problems: Problem[],
): void {
  const share = metric?.format.style === 'percent'
  const value = share ? 'a share from 0 to 1 (0.895 for 89.5 %)' : 'a number'
  const isValue = (given: Json | undefined) => isNumber(given) && (!share || (given >= 0 && given <= 1))
  const isRuns = Array.isArray(runs) && runs.length > 0 && runs.every(isValue)
  if (runs !== undefined && !isRuns) problems.push(misstated(place, 'runs', `a list, each ${value}`, runs))
  if (mean !== undefined && !isValue(mean)) problems.push(misstated(place, 'mean', value, mean))
  if (leaderboard !== undefined && !isValue(leaderboard)) {
    problems.push(misstated(place, 'leaderboard', value, leaderboard))
  }
  if (sd !== undefined && !(isNumber(sd) && sd >= 0 && (!share || sd <= 1))) {
    problems.push(misstated(place, 'sd', share ? value : 'a number from 0', sd))
  }
  if (n !== undefined && !(Number.isInteger(n) && (n as number) > 0)) {
    problems.push(misstated(place, 'n', 'a whole number from 1', n))
  }
}

function checkTolerance(
  tolerance: Json | undefined,
  metric: MetricTraits | undefined,
  where: string,
  problems: Problem[],
): void {
  if (tolerance === undefined) return
  const share = metric?.format.style === 'percent'
  if (isNumber(tolerance) && tolerance >= 0 && (!share || tolerance <= 1)) return
  const expected = share ? 'a share from 0 to 1 (0.02 for two percentage points)' : 'a number from 0'
  problems.push(misstated(where, 'tolerance', expected, tolerance))
}

const isNumber = (value: Json | undefined): value is number => Number.isFinite(value)

function misstated(where: string, key: string, expected: string, received: Json): Problem {
  // JSON writes NaN and infinity as null.
  const shown = typeof received === 'number' ? String(received) : JSON.stringify(received)
  return { ...missing(where, key, expected, received), received: `${shown}.`, fix: `correct \`${key}\`.` }
}
