/** Shapes of JSON values: what the strict readers of records check against. A shape lists what is wrong, by path. */
export type JsonShape = (value: unknown, path: string) => readonly string[]

const none: readonly string[] = []

function expecting(words: string, holds: (value: unknown) => boolean): JsonShape {
  return (value, path) => (holds(value) ? none : [`${path}: expected ${words}, received ${shorten(value)}`])
}

export const text = expecting('text', (value) => typeof value === 'string')
export const number = expecting('a number', (value) => typeof value === 'number' && Number.isFinite(value))
export const integer = expecting('a whole number', (value) => Number.isSafeInteger(value))
export const count = expecting('a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0)
const isDigest = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
export const digest = expecting('a SHA-256 in hex', isDigest)
export const digestOrUnknown = expecting(
  'a SHA-256 in hex or "unknown"',
  (value) => value === 'unknown' || isDigest(value),
)
export const time = expecting(
  'a time in ISO 8601',
  (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)),
)
/** Any JSON value at all. */
export const anything: JsonShape = () => none

export function oneOf(...choices: readonly (string | number)[]): JsonShape {
  return expecting(`one of ${choices.join(', ')}`, (value) => choices.includes(value as string))
}

export function nullable(shape: JsonShape): JsonShape {
  return (value, path) => (value === null ? none : shape(value, path))
}

export function listOf(shape: JsonShape): JsonShape {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => shape(item, `${path}[${index}]`))
      : [`${path}: expected a list, received ${shorten(value)}`]
}

/** An object with any keys and values of one shape. */
export function mapOf(shape: JsonShape): JsonShape {
  return (value, path) =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, item]) => shape(item, join(path, key)))
      : [`${path}: expected an object, received ${shorten(value)}`]
}

/** An object with these keys and no others; the `optional` ones may be missing. */
export function objectOf(
  required: { readonly [key: string]: JsonShape },
  optional: { readonly [key: string]: JsonShape } = {},
): JsonShape {
  return (value, path) => {
    if (!isObject(value)) return [`${path}: expected an object, received ${shorten(value)}`]
    const problems: string[] = []
    for (const key in required) {
      if (!Object.hasOwn(value, key)) problems.push(`${join(path, key)}: missing`)
    }
    for (const key in value) {
      const shape = shapeOf(key, required) ?? shapeOf(key, optional)
      if (shape === undefined) problems.push(`${join(path, key)}: unknown key`)
      else problems.push(...shape(value[key], join(path, key)))
    }
    return problems
  }
}

function shapeOf(key: string, shapes: { readonly [key: string]: JsonShape }): JsonShape | undefined {
  return Object.hasOwn(shapes, key) ? shapes[key] : undefined
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const isObject = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function shorten(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 60 ? `${json.slice(0, 57)}…` : json
}
