import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import ranger from '../src/index.ts'

optimizerContract({
  plugin: ranger,
  name: 'ranger',
  engines: localEngines,
  options: [
    {},
    // So that the suite's three steps hold a lookahead.
    { k: 2, alpha: 0.3, weightDecay: 0.1, decayNormAndBias: true },
    { beta1: 0, beta2: 0.5, k: 1 },
    { gradientCentralisation: true },
    { form: 'fastai-2', k: 2, weightDecay: 0.1 },
  ],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([ranger]).component('optimizer', 'ranger')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
