import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import cbam from '../src/index.ts'

const keeps = (channels: number): BlockShape => ({
  inputChannels: channels,
  outputChannels: channels,
  stride: 1,
  kernelSize: 1,
  activate: false,
})

blockContract({
  plugin: cbam,
  name: 'cbam',
  options: [{}, { reduction: 2, kernelSize: 3 }],
  contexts: fc.integer({ min: 1, max: 5 }).map(keeps),
  examples: [keeps(4), { ...keeps(7), activate: true }],
  runs: 20,
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([cbam]).component('block', 'cbam')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
