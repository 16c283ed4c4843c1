import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { augmentationContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import trivialAugment from '../src/index.ts'

augmentationContract({ plugin: trivialAugment, name: 'trivial-augment', options: [{}, { interpolation: 'bilinear' }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([trivialAugment]).component('augmentation', 'trivial-augment')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
