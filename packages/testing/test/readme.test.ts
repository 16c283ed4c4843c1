import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as testing from '../src/index.ts'

const here = (file: string) => readFileSync(path.join(import.meta.dirname, file), 'utf8')

test('the example of the README is the one that is tested', () => {
  const [, example] = here('../README.md').match(/```ts\n([\s\S]*?)```/) ?? []
  expect(example).toBe(here('example.test.ts'))
})

test('every suite is in the README', () => {
  const suites = Object.keys(testing).filter((name) => name.endsWith('Contract'))
  expect(suites).toHaveLength(12)
  for (const suite of suites) expect(here('../README.md')).toContain(`\`${suite}\``)
})
