import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { optim } from '@tricklab/optim'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

optimizerContract({
  plugin,
  name: 'lookahead',
  with: [optim],
  options: [
    { inner: { use: 'sgd', momentum: 0.9 } },
    { inner: 'adamw', k: 2, alpha: 0.8 },
    { inner: { use: 'lookahead', k: 2, inner: 'sgd' }, k: 3 },
  ],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([optim, plugin]).component('optimizer', 'lookahead')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
