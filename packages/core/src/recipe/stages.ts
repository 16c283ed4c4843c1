import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { NormalRecipe } from './normalize.ts'
import { checkKeys, isObject, type JsonObject } from './problems.ts'

type StageKey = 'params' | 'loss' | 'optimizer' | 'schedule' | 'callbacks' | 'epochs' | 'batchSize' | 'accumulate'

/** One stage with every default filled in. Model, its first weights, dataset and its split, metrics, precision and predictor are the row's. */
export interface NormalStage extends Pick<NormalRecipe, StageKey> {
  readonly data: Omit<NormalRecipe['data'], 'dataset' | 'split' | 'validFraction'>
}

const stageKeys = 'data params loss optimizer schedule callbacks epochs batchSize accumulate'.split(' ')
const stageDataKeys = 'train valid normalize shuffle dropLast'.split(' ')

/**
 * The recipe of each stage, in order: of a row without stages its own. Each is whole, with the epochs of its stage.
 */
export function stageRecipes(recipe: NormalRecipe): readonly [NormalRecipe, ...NormalRecipe[]] {
  const { stages, model, weights, metrics, precision, predictor } = recipe
  if (stages === undefined) return [recipe]
  const { dataset, split, validFraction } = recipe.data
  const data = { dataset, ...(split === undefined ? {} : { split, validFraction }) }
  const shared = {
    model,
    metrics,
    ...(weights === undefined ? {} : { weights }),
    ...(precision === undefined ? {} : { precision }),
    ...(predictor === undefined ? {} : { predictor }),
  }
  const recipes = stages.map((stage) => ({ ...shared, ...stage, data: { ...data, ...stage.data } }))
  return recipes as [NormalRecipe, ...NormalRecipe[]]
}

/** The recipe of a row from those of its stages; one stage alone is a row without stages. */
export function joinStages(recipes: readonly NormalRecipe[]): NormalRecipe {
  const [first] = recipes as [NormalRecipe]
  if (recipes.length === 1) return first
  const epochs = recipes.reduce((sum, recipe) => sum + recipe.epochs, 0)
  return { ...first, epochs, stages: recipes.map(toStage) }
}

function toStage(whole: NormalRecipe): NormalStage {
  const {
    model: _model,
    weights: _weights,
    metrics: _metrics,
    precision: _precision,
    predictor: _predictor,
    ...recipe
  } = whole
  const { dataset: _dataset, split: _split, validFraction: _fraction, ...data } = recipe.data
  return { ...recipe, data }
}

interface RowLike {
  readonly stages?: Json
  readonly change?: JsonObject
}

/** The stages of the nearest row that has some. `chain` goes from the base down. */
export function inheritedStages(
  chain: readonly RowLike[],
  where: string,
  problems: Problem[],
): readonly Json[] | undefined {
  const first = chain.findIndex((row) => row.stages !== undefined)
  const stages = chain.findLast((row) => row.stages !== undefined)?.stages
  if (stages === undefined) return undefined
  const epochs = chain.slice(first).find((row) => row.change?.epochs !== undefined)?.change?.epochs
  if (epochs !== undefined) {
    problems.push({
      code: 'E_RECIPE',
      what: `${where} names \`epochs\` although it has stages.`,
      expected: 'no `epochs` in a row with stages.',
      received: `${JSON.stringify(epochs)}.`,
      fix: 'leave `epochs` out of the change; every stage has its own.',
    })
  }
  if (Array.isArray(stages) && stages.length > 0) return stages
  problems.push({
    code: 'E_RECIPE',
    what: `${where}: "stages" is not of the right form.`,
    expected: 'a list of changes, one a stage: [{ epochs: 4 }, { epochs: 5, data: { … } }].',
    received: `${JSON.stringify(stages)}.`,
    fix: 'leave `stages` out for a training in one piece.',
  })
  return undefined
}

/** What a stage changes of its row, without what it may not change; that is among the problems. */
export function stageChange(stage: Json, place: string, problems: Problem[]): JsonObject {
  if (!isObject(stage) || stage.epochs === undefined) {
    problems.push({
      code: 'E_RECIPE',
      what: `${place} does not say how long it is.`,
      expected: '{ epochs: …, and what it changes of the row }.',
      received: `${JSON.stringify(stage)}.`,
      fix: "set `epochs` in the stage; the row's are not used.",
    })
  }
  if (!isObject(stage)) return {}
  checkKeys(stage, stageKeys, place, problems)
  const change = pick(stage, stageKeys)
  if (!isObject(change.data)) return change
  checkKeys(change.data, stageDataKeys, `${place} data`, problems)
  return { ...change, data: pick(change.data, stageDataKeys) }
}

const pick = (value: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)))
