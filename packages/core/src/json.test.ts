import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashJson } from './hash.ts'
import { canonicalJson, type Json } from './json.ts'

test('keys are sorted at every depth, lists keep their order, and there are no spaces', () => {
  expect(canonicalJson({ b: [2, 1, { d: null, c: 'x y' }], a: true })).toBe('{"a":true,"b":[2,1,{"c":"x y","d":null}]}')
})

test('a key without a value is no key', () => {
  expect(canonicalJson({ a: 1, b: undefined } as unknown as Json)).toBe('{"a":1}')
})

test('it is JSON of the same value, whatever the order of the keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value as Json)
      // JSON itself knows no negative zero.
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(canonicalJson(reversed(value as Json))).toBe(text)
      expect(hashJson(reversed(value as Json))).toBe(hashJson(value as Json))
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('other values have other hashes', () => {
  const values: Json[] = [null, 0, '0', false, [], {}, [0], { a: 0 }, { a: '0' }, { a: null }, [[0]], 'null']
  expect(new Set(values.map(hashJson)).size).toBe(values.length)
  expect(hashJson({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
})

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as { [key: string]: Json }).reverse()
  return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]))
}
