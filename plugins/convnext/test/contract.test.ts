import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { nn } from '@tricklab/nn'
import { modelContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import convnext from '../src/index.ts'

modelContract({
  plugin: convnext,
  with: [nn],
  name: 'convnext-atto',
  options: [
    { depths: [1, 1], widths: [3, 4], patch: 2, layerScale: 0.3 },
    { depths: [1, 2, 1], widths: [2, 3, 4], patch: 1, dropPath: 0.3, layerScale: 0 },
  ],
  imageShape: [9, 8, 3],
})

test('the README shows the options as they are', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const { options } = createRegistry([nn, convnext]).component('model', 'convnext-atto')
  expect(readme).toContain(formatOptionTable(options))
})
