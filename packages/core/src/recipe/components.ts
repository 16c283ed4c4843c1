import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { Kind } from '../plugin/define.ts'
import type { NormalUse, Registry } from '../plugin/registry.ts'
import { isObject, missing } from './problems.ts'

/** Reads component names out of a recipe, filling in the defaults of their options. */
export interface ComponentReader {
  readonly component: (kind: Kind, value: Json | undefined) => NormalUse
  /** A list of them; none where nothing is given. */
  readonly components: (kind: 'metric' | 'callback' | 'augmentation', value: Json | undefined) => NormalUse[]
}

/** A reader that adds what is wrong to `problems` and goes on. */
export function componentReader(registry: Registry, where: string, problems: Problem[]): ComponentReader {
  const component = (kind: Kind, value: Json | undefined): NormalUse => {
    if (typeof value !== 'string' && !(isObject(value) && typeof value.use === 'string')) {
      problems.push(missing(where, kind, 'a component name or { use: name, … }', value))
      return { use: '' }
    }
    const normal = registry.normalize(kind, value as string | { use: string }, where)
    problems.push(...normal.problems)
    return normal.use
  }
  return {
    component,
    components(kind, value) {
      if (value === undefined) return []
      if (!Array.isArray(value)) problems.push(missing(where, `${kind}s`, 'a list', value))
      return Array.isArray(value) ? value.map((entry) => component(kind, entry)) : []
    },
  }
}
