import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { optim } from '@tricklab/optim'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import layerDecay from '../src/index.ts'

optimizerContract({
  plugin: layerDecay,
  name: 'layer-decay',
  with: [optim],
  options: [{ inner: 'adamw' }, { inner: { use: 'sgd', momentum: 0.9 }, decay: 0.5, depth: 2 }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([optim, layerDecay]).component('optimizer', 'layer-decay')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
