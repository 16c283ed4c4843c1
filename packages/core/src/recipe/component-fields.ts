import type { Json } from '../json.ts'
import type { Nested } from '../nested.ts'
import type { AnyRegistration, Kind, Use } from '../plugin/define.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { type Field, type Place, type Plain, type Registered, type Written, written } from './field.ts'

/** A component in its long form: `{ use: name, …options }`. */
export type LongUse<R extends AnyRegistration, K extends Kind> = Exclude<Use<R, K>, string>

/** A change may name some options alone: the component of below keeps its others. */
export interface OneComponent<K extends Kind> extends Written {
  readonly base: Use<Registered<this>, K>
  readonly change: Use<Registered<this>, K> | Partial<LongUse<Registered<this>, K>>
  readonly stage: Use<Registered<this>, K> | Partial<LongUse<Registered<this>, K>>
}

export interface ListOfComponents<K extends Kind> extends Written {
  readonly base: Nested<Use<Registered<this>, K>>
  readonly change: Nested<Use<Registered<this>, K>>
  readonly stage: Nested<Use<Registered<this>, K>>
}

type Rules = Pick<Field, 'optional' | 'stage'>

/** A field that holds a component. */
export function componentField<K extends Kind, const D extends Rules>(kind: K, rules: D) {
  return {
    written: written<OneComponent<K>>(),
    ...rules,
    read: (value: Json | undefined, { component }: Place): NormalUse | AbsentIf<D['optional']> =>
      (value === undefined && rules.optional ? undefined : component(kind, value)) as NormalUse,
  }
}

/** A field that holds a list of components; an empty one where nothing is given. */
export function componentsField<K extends Kind, const D extends Rules>(kind: K, rules: D) {
  return {
    written: written<ListOfComponents<K>>(),
    ...rules,
    read: (value: Json | undefined, { components, key }: Place): readonly NormalUse[] => components(kind, value, key),
  }
}

type AbsentIf<B extends boolean> = B extends true ? undefined : never

/** A field that holds a whole number from 1. */
export function countField<const D extends Rules>(rules: D) {
  return {
    written: written<Plain<number>>(),
    ...rules,
    read(value: Json | undefined, { refuse }: Place): number {
      if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
      refuse('a whole number from 1')
      return 1
    },
  }
}
