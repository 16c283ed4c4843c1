import { type Problem, suggest } from './errors/index.ts'
import { canonicalJson, type Json } from './json.ts'

/**
 * One option of a component, as data: recipe types, the CLI's help, option tables and error messages come from it.
 */
export interface Option<T extends Json = Json, Required extends boolean = boolean> {
  readonly type: 'number' | 'integer' | 'boolean' | 'text' | 'choice' | 'list' | 'component'
  readonly doc: string
  readonly unit?: string
  /** Absent when the recipe must give a value. */
  readonly default?: T
  readonly required: Required
  /** Of an option that holds another component: its kind. Its own options are filled in and checked as everywhere. */
  readonly kind?: string
  /** Its default stays out of normalised recipes; see `addedLater` of `opt`. */
  readonly addedLater?: true
  /** What is accepted, in words: `number from 0 to 1`. */
  readonly accepts: string
  /** What is wrong with a value, or undefined when it is fine. */
  check(value: Json): 'type' | 'range' | undefined
}

export type OptionSchema = { readonly [name: string]: Option }

/** Values after defaults are filled in: what `create` receives. */
export type OptionValues<S extends OptionSchema> = {
  readonly [K in keyof S]: S[K] extends Option<infer T, boolean> ? T : never
}

/** What a recipe may write: options with a default may be left out. */
export type OptionInput<S extends OptionSchema> = {
  readonly [K in keyof S as S[K] extends Option<Json, true> ? K : never]: S[K] extends Option<infer T, boolean>
    ? T
    : never
} & {
  readonly [K in keyof S as S[K] extends Option<Json, true> ? never : K]?: S[K] extends Option<infer T, boolean>
    ? T
    : never
}

interface Common<T> {
  doc: string
  unit?: string
  default?: T
  /**
   * The option joined a component that recorded recipes name already, and its default is what they did. That default is
   * left out of normalised recipes, so that their hashes stay.
   */
  addedLater?: true
}

interface Range {
  /** Smallest value allowed. */
  min?: number
  /** Values must be larger than this. */
  above?: number
  /** Largest value allowed. */
  max?: number
  /** Values must be smaller than this. */
  below?: number
}

// `{ default: … }` present makes an option optional in the recipe's type.
type IsRequired<O> = O extends { default: unknown } ? false : true

function define<T extends Json, O extends Common<T>>(
  type: Option['type'],
  spec: O,
  accepts: string,
  check: Option['check'],
): Option<T, IsRequired<O>> {
  return {
    type,
    doc: spec.doc,
    ...(spec.unit === undefined ? {} : { unit: spec.unit }),
    ...(spec.default === undefined ? {} : { default: spec.default }),
    required: (spec.default === undefined) as IsRequired<O>,
    ...(spec.addedLater === undefined ? {} : { addedLater: spec.addedLater }),
    accepts,
    check,
  }
}

function numeric<const O extends Common<number> & Range>(
  type: 'number' | 'integer',
  spec: O,
): Option<number, IsRequired<O>> {
  const bounds = [
    spec.min === undefined ? '' : `from ${spec.min}`,
    spec.above === undefined ? '' : `above ${spec.above}`,
    spec.max === undefined ? '' : `to ${spec.max}`,
    spec.below === undefined ? '' : `below ${spec.below}`,
  ].filter((part) => part !== '')
  return define<number, O>(
    type,
    spec,
    [type === 'integer' ? 'whole number' : 'number', ...bounds].join(' '),
    (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'type'
      if (type === 'integer' && !Number.isInteger(value)) return 'type'
      const inside =
        value >= (spec.min ?? -Infinity) &&
        value <= (spec.max ?? Infinity) &&
        value > (spec.above ?? -Infinity) &&
        value < (spec.below ?? Infinity)
      return inside ? undefined : 'range'
    },
  )
}

/** Constructors of options. Each takes `doc`, and `default` unless the recipe must give a value. */
export const opt = {
  number: <const O extends Common<number> & Range>(spec: O) => numeric('number', spec),
  integer: <const O extends Common<number> & Range>(spec: O) => numeric('integer', spec),
  boolean: <const O extends Common<boolean>>(spec: O) =>
    define<boolean, O>('boolean', spec, 'true or false', (value) => (typeof value === 'boolean' ? undefined : 'type')),
  text: <const O extends Common<string>>(spec: O) =>
    define<string, O>('text', spec, 'text', (value) => (typeof value === 'string' ? undefined : 'type')),
  /** One of a closed list of words. */
  choice: <const V extends string, const O extends Common<V>>(values: readonly V[], spec: O) =>
    define<V, O>('choice', spec, values.map((value) => `"${value}"`).join(' or '), (value) => {
      if (typeof value !== 'string') return 'type'
      return (values as readonly string[]).includes(value) ? undefined : 'range'
    }),
  /** A list of numbers, all in one range. */
  numbers: <const O extends Common<readonly number[]> & Range & { length?: number }>(spec: O) =>
    numericList('number', spec),
  /** A list of whole numbers, all in one range. */
  integers: <const O extends Common<readonly number[]> & Range & { length?: number }>(spec: O) =>
    numericList('integer', spec),
  /** An optimizer inside this one; `context.create('optimizer', inner, {})` builds it. */
  optimizer: <const O extends Common<ComponentUse>>(spec: O) => component('optimizer', spec),
  /** A callback inside this one; `context.create('callback', inner, context)` builds it. */
  callback: <const O extends Common<ComponentUse>>(spec: O) => component('callback', spec),
  /** A crop inside this one; `context.create('crop', inner, {})` builds it. */
  crop: <const O extends Common<ComponentUse>>(spec: O) => component('crop', spec),
}

/** Another component as an option: in recipes also its name alone, to `create` always the long form. */
function component<const O extends Common<ComponentUse>>(kind: string, spec: O): Option<ComponentUse, IsRequired<O>> {
  const accepts = `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}: its name, or an object with \`use\` and its options`
  const isUse = (value: Json) =>
    typeof value === 'string' || (value instanceof Object && 'use' in value && typeof value.use === 'string')
  return {
    ...define<ComponentUse, O>('component', spec, accepts, (value) => (isUse(value) ? undefined : 'type')),
    kind,
  }
}

/** How a recipe names a component that is an option of another. */
export type ComponentUse = string | { readonly use: string; readonly [option: string]: Json }

function numericList<const O extends Common<readonly number[]> & Range & { length?: number }>(
  type: 'number' | 'integer',
  spec: O,
): Option<readonly number[], IsRequired<O>> {
  const item = numeric(type, { doc: '', ...pickRange(spec) })
  const accepts = `list of ${spec.length === undefined ? '' : `${spec.length} `}numbers, each a ${item.accepts}`
  return define<readonly number[], O>('list', spec, accepts, (value) => {
    if (!Array.isArray(value)) return 'type'
    if (spec.length !== undefined && value.length !== spec.length) return 'range'
    return value.map((entry) => item.check(entry)).find((problem) => problem !== undefined)
  })
}

function pickRange({ min, above, max, below }: Range): Range {
  return {
    ...(min === undefined ? {} : { min }),
    ...(above === undefined ? {} : { above }),
    ...(max === undefined ? {} : { max }),
    ...(below === undefined ? {} : { below }),
  }
}

/** What a normalised recipe says: all values but those defaults that recipes did not know when they were recorded. */
export function recordedOptions(schema: OptionSchema, values: { readonly [name: string]: Json }) {
  const isSilent = (name: string) =>
    schema[name]!.addedLater === true && canonicalJson(values[name]!) === canonicalJson(schema[name]!.default!)
  return Object.fromEntries(Object.entries(values).filter(([name]) => !isSilent(name)))
}

/** The values of a normalised recipe together with the defaults that it leaves out: what `create` receives. */
export function completeOptions(schema: OptionSchema, recorded: { readonly [name: string]: Json }) {
  const silent = Object.entries(schema).filter(([name, { addedLater }]) => addedLater && !Object.hasOwn(recorded, name))
  return { ...recorded, ...Object.fromEntries(silent.map(([name, option]) => [name, option.default!])) }
}

/**
 * Fills in defaults and collects everything that is wrong.
 * @param where place in the recipe for messages, such as `optimizer "adamw"`
 */
export function readOptions<S extends OptionSchema>(
  schema: S,
  input: { readonly [name: string]: Json | undefined },
  where: string,
): { values: OptionValues<S>; problems: Problem[] } {
  const problems: Problem[] = []
  const values: Record<string, Json> = {}
  for (const name of Object.keys(input)) {
    if (Object.hasOwn(schema, name) || input[name] === undefined) continue
    problems.push({
      code: 'E_OPTION_UNKNOWN',
      what: `${where} has no option "${name}".`,
      expected: Object.keys(schema).length === 0 ? 'no options.' : `one of ${Object.keys(schema).join(', ')}.`,
      received: `${name}: ${JSON.stringify(input[name])}.`,
      fix: suggest(name, Object.keys(schema)),
    })
  }
  for (const [name, option] of Object.entries(schema)) {
    // An explicit null is a value, and a wrong one: only what is left out gets the default.
    const given = Object.hasOwn(input, name) ? input[name] : undefined
    const value = given === undefined ? option.default : given
    if (value === undefined) {
      problems.push({
        code: 'E_OPTION_TYPE',
        what: `${where} needs the option "${name}".`,
        expected: `${option.accepts}${option.unit === undefined ? '' : ` (${option.unit})`}.`,
        received: 'nothing.',
        fix: `add \`${name}\`: ${option.doc}`,
      })
      continue
    }
    const wrong = option.check(value)
    if (wrong !== undefined) {
      problems.push({
        code: wrong === 'type' ? 'E_OPTION_TYPE' : 'E_OPTION_RANGE',
        what: `${where}: option "${name}" ${wrong === 'type' ? 'has the wrong type' : 'is out of range'}.`,
        expected: `${option.accepts}${option.unit === undefined ? '' : ` (${option.unit})`}.`,
        received: `${JSON.stringify(value)}.`,
        fix:
          option.default === undefined ? option.doc : `leave it out for the default ${JSON.stringify(option.default)}.`,
      })
      continue
    }
    values[name] = value
  }
  return { values: values as OptionValues<S>, problems }
}
