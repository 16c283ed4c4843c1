import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { entriesOf, type Nested } from '../nested.ts'
import type { Kind } from '../plugin/define.ts'
import type { NormalUse, Registry } from '../plugin/registry.ts'
import { isObject, missing } from './problems.ts'

/** Reads component names out of a recipe, filling in the defaults of their options. */
export interface ComponentReader {
  readonly component: (kind: Kind, value: Json | undefined) => NormalUse
  /** A list of them, the field `key`; none where nothing is given. Lists inside it become part of it. */
  readonly components: (kind: Kind, value: Json | undefined, key: string) => NormalUse[]
}

/** A reader that adds what is wrong to `problems` and goes on. */
export function componentReader(registry: Registry, where: string, problems: Problem[]): ComponentReader {
  const read = (kind: Kind, value: Json | undefined, key: string, place: string): NormalUse => {
    if (typeof value !== 'string' && !(isObject(value) && typeof value.use === 'string')) {
      problems.push(missing(where, key, 'a component name or { use: name, … }', value))
      return { use: '' }
    }
    const normal = registry.normalize(kind, value as string | { use: string }, place)
    problems.push(...normal.problems)
    return normal.use
  }
  return {
    component: (kind, value) => read(kind, value, kind, where),
    components(kind, value, key) {
      if (value === undefined) return []
      if (Array.isArray(value)) {
        const entries = entriesOf<Json>(value as Nested<Json>, key)
        return entries.map(({ value: entry, place }) => read(kind, entry, place, `${where} ${place}`))
      }
      problems.push(missing(where, key, 'a list', value))
      return []
    },
  }
}
