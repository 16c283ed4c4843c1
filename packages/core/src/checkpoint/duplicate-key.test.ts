import fc from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateKey } from './duplicate-key.ts'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a" : {"b":[{"c":1},{"c":1}],"b":2}}', 'b'],
  ['{"\\u0061":1,"a":2}', 'a'],
  ['{"a":"a","b":{"a":1},"c":["a","a"]}', undefined],
  ['{"\\"a\\":":1,"a":"\\"a\\":"}', undefined],
])('%s: %s', (json, key) => {
  expect(duplicateKey(json)).toBe(key)
})

test('what was made from a value has none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => duplicateKey(JSON.stringify(value)) === undefined),
    { seed: 1 },
  )
})
