import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import gemPool from '../src/index.ts'

const heads = (channels: Pick<BlockShape, 'inputChannels' | 'outputChannels'>): BlockShape => ({
  ...channels,
  stride: 1,
  kernelSize: 1,
  activate: false,
})

blockContract({
  plugin: gemPool,
  name: 'gem-pool',
  options: [{}, { power: 1.5 }],
  contexts: fc
    .record({ inputChannels: fc.integer({ min: 1, max: 5 }), outputChannels: fc.integer({ min: 1, max: 5 }) })
    .map(heads),
  examples: [heads({ inputChannels: 4, outputChannels: 3 })],
  runs: 20,
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([gemPool]).component('block', 'gem-pool')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
