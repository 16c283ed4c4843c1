import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { nn } from '@tricklab/nn'
import { blockContract, modelContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import mbconv from '../src/index.ts'

blockContract({
  plugin: mbconv,
  name: 'mbconv',
  options: [
    {},
    { expand: 1, squeeze: 0 },
    { expand: 2, skip: false, padding: 'symmetric' },
    { dropConnect: 0.5, normMomentum: 0.1 },
  ],
  runs: 30,
})

modelContract({
  plugin: mbconv,
  with: [nn],
  name: 'efficientnet-b0',
  options: [
    { width: 0.1, depth: 0.2 },
    { width: 0.1, depth: 0.5, dropConnect: 0, dropout: 0, squeeze: 0 },
  ],
  imageShape: [33, 32, 3],
})

test('the README shows the options as they are', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const registry = createRegistry([nn, mbconv])
  expect(readme).toContain(formatOptionTable(registry.component('block', 'mbconv').options))
  expect(readme).toContain(formatOptionTable(registry.component('model', 'efficientnet-b0').options))
})
