import type { Json } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { kinds, type Registry } from '@tricklab/core/plugin'
import { problem } from '../record/problem.ts'
import type { Manifest } from '../record/types.ts'

/** Plugins of a table, and those of them that what was run cannot do without. */
export interface TablePlugins {
  readonly known: readonly string[]
  readonly used: readonly string[]
}

/** @param run the recipe, or what else names components by `use` */
export function tablePlugins(registry: Registry, run: unknown): TablePlugins {
  const names = new Set(usesIn(run))
  const used = kinds.flatMap((kind) =>
    registry.list(kind).flatMap(({ name, plugin }) => (names.has(name) ? [plugin] : [])),
  )
  return { known: registry.plugins.map(({ name }) => name), used: [...new Set(used)] }
}

/** Every component that a recipe names, however deep. */
function usesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { use } = value as { use?: Json }
  return [...(typeof use === 'string' ? [use] : []), ...Object.values(value).flatMap(usesIn)]
}

/** A table may have got plugins since, but what a run has used was there. */
export function checkPlugins({ plugins }: Manifest['environment'], { known, used }: TablePlugins): Problem[] {
  const recorded = Object.keys(plugins)
  const wrong = [
    ...used.filter((name) => !recorded.includes(name)),
    ...recorded.filter((name) => !known.includes(name)),
  ]
  if (wrong.length === 0) return []
  return [problem('The plugins are not those of the table.', known.join(', '), recorded.join(', '))]
}
