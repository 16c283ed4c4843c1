import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

optimizerContract({
  plugin,
  name: 'lamb',
  options: [{}, { weightDecay: 0, maxGradientNorm: 0 }, { weightDecay: 0.1, decayNormAndBias: false }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('optimizer', 'lamb')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
