import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

callbackContract({
  plugin,
  name: 'gradient-clip',
  options: [{}, { limit: 0.1 }, { by: 'value', limit: 0.01 }, { by: 'agc', limit: 0.01 }],
  off: { limit: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('callback', 'gradient-clip')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
