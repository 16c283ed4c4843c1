import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { optim } from '@tricklab/optim'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import sam from '../src/index.ts'

optimizerContract({
  plugin: sam,
  name: 'sam',
  with: [optim],
  options: [
    { inner: { use: 'sgd', momentum: 0.9 } },
    { inner: 'adamw', rho: 0.5, adaptive: true },
    // Three passes: the inner one climbs as well.
    { inner: { use: 'sam', inner: 'sgd' } },
  ],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([optim, sam]).component('optimizer', 'sam')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
