import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { augmentationContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import augMix from '../src/index.ts'

augmentationContract({
  plugin: augMix,
  name: 'aug-mix',
  options: [{}, { severity: 10, chains: 2, depth: 2, alpha: 0.3, allOperations: true }],
  off: { chains: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([augMix]).component('augmentation', 'aug-mix')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
