import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { scheduleContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

scheduleContract({
  plugin,
  name: 'warmup',
  options: [{}, { pctStart: 0 }, { pctStart: 0.5, initial: 1, decay: 'none' }, { final: 1 }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('schedule', 'warmup')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
