import { type Problem, suggest } from '../errors/index.ts'
import type { Json } from '../json.ts'

export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Adds a problem for every key that is not known. */
export function checkKeys(value: JsonObject, known: readonly string[], where: string, problems: Problem[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    problems.push({
      code: 'E_RECIPE',
      what: `${where} has an unknown key "${key}".`,
      expected: known.length === 0 ? 'no keys.' : `only ${known.join(', ')}.`,
      received: `"${key}".`,
      fix: suggest(key, known),
    })
  }
}

export function missing(where: string, key: string, expected: string, received: Json | undefined): Problem {
  return {
    code: 'E_RECIPE',
    what: `${where}: "${key}" is missing or not of the right form.`,
    expected: `${expected}.`,
    received: received === undefined ? 'nothing.' : `${JSON.stringify(received)}.`,
    fix: `set \`${key}\` in the table's base or in the row's change.`,
  }
}
