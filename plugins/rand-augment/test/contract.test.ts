import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { augmentationContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import randAugment from '../src/index.ts'

augmentationContract({
  plugin: randAugment,
  name: 'rand-augment',
  options: [{}, { operations: 3, magnitude: 30, deviation: 4, chance: 0.5, interpolation: 'bilinear' }],
  off: { operations: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([randAugment]).component('augmentation', 'rand-augment')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
