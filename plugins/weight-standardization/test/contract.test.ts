import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { blockContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import weightStandardization from '../src/index.ts'

blockContract({
  plugin: weightStandardization,
  name: 'weight-standardization',
  options: [{}, { epsilon: 0.01 }],
  runs: 20,
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([weightStandardization]).component('block', 'weight-standardization')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
