import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { scheduleContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

scheduleContract({
  plugin,
  name: 'cosine-restarts',
  options: [{}, { firstEpochs: 0.3, factor: 1, final: 0.1 }, { firstEpochs: 4, factor: 1.5 }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('schedule', 'cosine-restarts')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
