import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from './json.ts'

/** SHA-256 (hex) of a JSON value, independent of key order. */
export function hashJson(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
