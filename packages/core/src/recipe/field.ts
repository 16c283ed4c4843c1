import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { AnyRegistration } from '../plugin/define.ts'
import type { Registry } from '../plugin/registry.ts'
import { type ComponentReader, componentReader } from './components.ts'
import { checkKeys, type JsonObject, missing } from './problems.ts'

/**
 * What may be written in a field: in a table's base, in the change of a row and in a stage. It may depend on what the
 * table's plugins register, `Registered<this>`.
 */
export interface Written {
  readonly registrations: unknown
  readonly base: unknown
  readonly change: unknown
  readonly stage: unknown
}

/** What the plugins of the table register; for the declaration of a `Written`. */
export type Registered<W extends Written> = Extract<W['registrations'], AnyRegistration>

/** The same may be written everywhere, whatever the plugins are. */
export interface Plain<T> extends Written {
  readonly base: T
  readonly change: T
  readonly stage: T
}

/** A field of a recipe, declared once: types, keys, checks, defaults, stages and the hash follow from the declaration. */
export interface Field {
  /** Types alone: `written<…>()`. */
  readonly written: Written | undefined
  /** Whether a base may leave it out. */
  readonly optional: boolean
  /** Whether a stage may change it. What no stage changes is the row's, and all stages share it. */
  readonly stage: 'never' | 'may' | 'must'
  /** Fields inside this one, of which a stage may change some. */
  readonly fields?: Fields
  /**
   * The value with every default filled in; what is wrong is added to the problems. Undefined leaves the field out of the
   * recipe, and so out of its hash: what a field that joins later must answer where a recipe does not name it.
   */
  read(value: Json | undefined, at: Place): unknown
}

export type Fields = { readonly [key: string]: Field }

/** Where recipes are read: a row, or a stage of one. */
export interface Reading extends ComponentReader {
  readonly registry: Registry
  /** Row and stage, for messages. */
  readonly row: string
  readonly problems: Problem[]
}

/** Where a field is read. */
export interface Place extends Reading {
  readonly key: string
  /** The object that the field is in. */
  readonly whole: JsonObject
  /** The same, for messages. */
  readonly where: string
  /** Adds that the field is missing or not of the right form. */
  refuse(expected: string): void
}

/** Carries the types of a field; there is no such value. */
export const written = <W extends Written>(): W | undefined => undefined

/** A reading that adds what is wrong to `problems`. */
export function readingOf(registry: Registry, row: string, problems: Problem[]): Reading {
  return { registry, row, problems, ...componentReader(registry, row, problems) }
}

/** Reads an object field by field, in the order of their declaration. */
export function readFields<F extends Fields>(fields: F, whole: JsonObject, where: string, at: Reading): NormalOf<F> {
  checkKeys(whole, Object.keys(fields), where, at.problems)
  const values = Object.entries(fields).map(([key, field]) => {
    const refuse = (expected: string) => at.problems.push(missing(where, key, expected, whole[key]))
    return [key, field.read(whole[key], { ...at, key, whole, where, refuse })] as const
  })
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as NormalOf<F>
}

/** One property a field: each keeps the documentation of its declaration. */
type Each<F extends Fields, R extends AnyRegistration, P extends 'base' | 'change' | 'stage'> = {
  readonly [K in keyof F]: (Extract<F[K]['written'], Written> & { readonly registrations: R })[P]
}
type Values<F extends Fields> = { readonly [K in keyof F]: Exclude<ReturnType<F[K]['read']>, undefined> }
type StageValues<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { readonly fields: infer G extends Fields } ? NormalStageOf<G> : Values<F>[K]
}

type OptionalKey<F extends Fields> = { [K in keyof F]: F[K]['optional'] extends true ? K : never }[keyof F]
type AbsentKey<F extends Fields> = { [K in keyof F]: undefined extends ReturnType<F[K]['read']> ? K : never }[keyof F]
type KeyOfStage<F extends Fields, S extends Field['stage']> = {
  [K in keyof F]: F[K]['stage'] extends S ? K : never
}[keyof F]
type StageKey<F extends Fields> = KeyOfStage<F, 'may' | 'must'>

/** `T`, of which `K` may be left out. Keeps the documentation of its properties, which `Omit` loses. */
type Loosen<T, K extends PropertyKey> = Pick<T, Exclude<keyof T, K>> & Partial<Pick<T, Extract<keyof T, K>>>

/** What a table's base says. */
export type BaseOf<F extends Fields, R extends AnyRegistration> = Loosen<Each<F, R, 'base'>, OptionalKey<F>>
/** What a row may change. */
export type ChangeOf<F extends Fields, R extends AnyRegistration> = Partial<Each<F, R, 'change'>>
/** What a stage may change of its row, and what it must say. */
export type StageOf<F extends Fields, R extends AnyRegistration> = Loosen<
  Pick<Each<F, R, 'stage'>, StageKey<F>>,
  KeyOfStage<F, 'may'>
>
/** The fields with every default filled in. */
export type NormalOf<F extends Fields> = Loosen<Values<F>, AbsentKey<F>>
/** Those of them that are a stage's. */
export type NormalStageOf<F extends Fields> = Loosen<Pick<StageValues<F>, StageKey<F>>, AbsentKey<F>>
