import { canonicalJson, type Json } from '@tricklab/core'
import type { Kind, NormalUse, Registry } from '@tricklab/core/plugin'
import type { NormalRecipe } from '@tricklab/core/recipe'
import type { Trick } from './tricks.ts'

/** A component of a recipe whose options a row may change: where it stands, and how to put another in its place. */
interface Place {
  readonly path: string
  readonly kind: Kind
  get(recipe: NormalRecipe): NormalUse | undefined
  set(recipe: NormalRecipe, use: NormalUse): NormalRecipe
}

const places: readonly Place[] = [
  {
    path: 'model',
    kind: 'model',
    get: ({ model }) => model.skeleton,
    set: (recipe, skeleton) => ({ ...recipe, model: { ...recipe.model, skeleton } }),
  },
  ...(['loss', 'optimizer', 'schedule'] as const).map(
    (kind): Place => ({
      path: kind,
      kind,
      get: (recipe) => recipe[kind],
      set: (recipe, use) => ({ ...recipe, [kind]: use }),
    }),
  ),
]

/**
 * Options that a row has neither as its table's base nor by default, one by one, of components that both use; and the
 * precision likewise. Of a training in stages, those of the model alone.
 */
export function changedOptions(recipe: NormalRecipe, base: NormalRecipe, registry: Registry): Trick[] {
  const shared = recipe.stages === undefined ? places : places.filter(({ path }) => path === 'model')
  const options = shared.flatMap((place): Trick[] => {
    const [own, before] = [place.get(recipe), place.get(base)]
    if (own === undefined || before === undefined || own.use !== before.use) return []
    const usual = registry.normalize(place.kind, own.use, place.path).use
    const changed = Object.keys(own).filter((key) => !same(own[key], before[key]) && !same(own[key], usual[key]))
    return changed.map((key) => ({
      name: `${place.path}.${key}`,
      place: 'option',
      instead: JSON.stringify(before[key]),
      without: (other) => place.set(other, { ...place.get(other)!, [key]: before[key]! }),
    }))
  })
  if (recipe.precision === undefined || base.precision !== undefined) return options
  return [...options, { name: recipe.precision, place: 'precision', instead: 'f32', without: withoutPrecision }]
}

function withoutPrecision({ precision: _precision, ...recipe }: NormalRecipe): NormalRecipe {
  return recipe
}

/** Options that must be given have no default to be equal to. */
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)
