import type { Json } from '../json.ts'
import { isObject, type JsonObject } from './problems.ts'

/** Objects merge key by key; a short `use` becomes long first, and a new `use` drops the options of the old one. */
export function merge(below: JsonObject, above: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...below }
  for (const [key, given] of Object.entries(above)) {
    const old = isObject(given) ? longForm(key, below[key]) : below[key]
    const value = isObject(old) && 'use' in old ? longForm(key, given) : given
    const replaces = !isObject(old) || !isObject(value) || ('use' in value && value.use !== old.use) || 'kind' in value
    result[key] = replaces ? value : merge(old, value)
  }
  return result
}

/** `name` as `{ use: name }`, so that the short form and the long one merge alike. */
function longForm(key: string, value: Json): Json
function longForm(key: string, value: Json | undefined): Json | undefined
function longForm(key: string, value: Json | undefined): Json | undefined {
  return typeof value === 'string' && key !== 'use' ? { use: value } : value
}
