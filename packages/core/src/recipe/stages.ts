import type { Problem } from '../errors/index.ts'
import { asJson, type Json } from '../json.ts'
import type { Fields, NormalOf, NormalStageOf } from './field.ts'
import { type NormalRecipe, recipeFields } from './fields.ts'
import { checkKeys, isObject, type JsonObject } from './problems.ts'

/**
 * The recipe of each stage, in order: of a row without stages its own. Each is whole, with the epochs of its stage.
 */
export function stageRecipes(recipe: NormalRecipe): readonly [NormalRecipe, ...NormalRecipe[]] {
  const { stages } = recipe
  if (stages === undefined) return [recipe]
  const [first, ...others] = stages.map((stage) => joinParts(recipeFields, recipe, stage))
  return [first!, ...others]
}

/** The recipe of a row from those of its stages; one stage alone is a row without stages. */
export function joinStages(recipes: readonly NormalRecipe[]): NormalRecipe {
  const [first] = recipes as [NormalRecipe]
  if (recipes.length === 1) return first
  const epochs = recipes.reduce((sum, recipe) => sum + recipe.epochs, 0)
  return { ...first, epochs, stages: recipes.map((recipe) => stagePart(recipeFields, recipe)) }
}

/** The fields that a stage has of its own. */
export const stagePart = <F extends Fields>(fields: F, whole: NormalOf<F>): NormalStageOf<F> =>
  partOf(fields, asJson(whole), 'stage') as object as NormalStageOf<F>

/** The row's fields and those of one of its stages, as one. */
export const joinParts = <F extends Fields>(fields: F, row: NormalOf<F>, stage: NormalStageOf<F>): NormalOf<F> =>
  join(fields, partOf(fields, asJson(row), 'row'), asJson(stage)) as object as NormalOf<F>

/** Of all fields those that are the row's, or those that are the stage's. */
function partOf(fields: Fields, whole: JsonObject, owner: 'row' | 'stage'): JsonObject {
  const parts = Object.entries(fields).flatMap(([key, field]) => {
    const value = whole[key]
    if (value === undefined) return []
    if (field.fields !== undefined && isObject(value)) return [[key, partOf(field.fields, value, owner)] as const]
    return (field.stage === 'never') === (owner === 'row') ? [[key, value] as const] : []
  })
  return Object.fromEntries(parts)
}

/** A whole from its two parts. */
function join(fields: Fields, row: JsonObject, stage: JsonObject): JsonObject {
  const inner = Object.entries(fields).flatMap(([key, { fields: below }]) =>
    below === undefined ? [] : [[key, join(below, row[key] as JsonObject, stage[key] as JsonObject)] as const],
  )
  return { ...row, ...stage, ...Object.fromEntries(inner) }
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
  checkStageKeys(recipeFields, stage, place, problems)
  return partOf(recipeFields, stage, 'stage')
}

function checkStageKeys(fields: Fields, given: JsonObject, place: string, problems: Problem[]): void {
  const own = Object.entries(fields).filter(([, { stage }]) => stage !== 'never')
  checkKeys(
    given,
    own.map(([key]) => key),
    place,
    problems,
  )
  for (const [key, { fields: inner }] of own) {
    const value = given[key]
    if (inner !== undefined && isObject(value)) checkStageKeys(inner, value, `${place} ${key}`, problems)
  }
}
