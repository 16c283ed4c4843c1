import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import earlyStop from '../src/index.ts'

callbackContract({
  plugin: earlyStop,
  name: 'early-stop',
  epochs: 4,
  // The second ends the training after the second epoch.
  options: [{}, { patience: 1, minDelta: 100 }, { metric: 'agreement', patience: 2, minDelta: 0.5 }],
  off: { patience: 4 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([earlyStop]).component('callback', 'early-stop')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
