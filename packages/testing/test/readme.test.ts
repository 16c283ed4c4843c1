import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as testing from '../src/index.ts'

const here = (file: string) => readFileSync(path.join(import.meta.dirname, file), 'utf8')

test('the examples of the README are those that are tested', () => {
  const examples = [...here('../README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
  expect(examples).toEqual([here('example.test.ts'), here('kit.test.ts')])
})

test('every suite is in the README', () => {
  const suites = Object.keys(testing).filter((name) => name.endsWith('Contract'))
  expect(suites).toHaveLength(15)
  for (const suite of suites) expect(here('../README.md')).toContain(`\`${suite}\``)
})
