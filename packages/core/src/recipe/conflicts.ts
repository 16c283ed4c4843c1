import { kinds } from '../plugin/define.ts'
import type { Registry } from '../plugin/registry.ts'
import type { NormalRecipe } from './fields.ts'
import { stageRecipes } from './stages.ts'

/**
 * Components of a recipe, or of one of its stages, that should not stand beside each other: a sentence for each pair, with
 * the reason that one of them declares. What is wrapped in another component is that one's affair.
 */
export function conflictsOf(recipe: NormalRecipe, registry: Registry): string[] {
  const declared = kinds.flatMap((kind) => registry.list(kind).map(({ name, component }) => [name, component] as const))
  const found = stageRecipes(recipe).flatMap((stage) => {
    const named = new Set(namesIn(stage))
    return declared.flatMap(([name, { notBeside = {} }]) =>
      Object.entries(notBeside)
        .filter(([other]) => named.has(name) && named.has(other))
        .map(([other, why]) => `"${name}" stands beside "${other}". ${why}`),
    )
  })
  return [...new Set(found)]
}

/** What a recipe names, outermost components alone. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { use } = value as { readonly use?: unknown }
  return typeof use === 'string' ? [use] : Object.values(value).flatMap(namesIn)
}
