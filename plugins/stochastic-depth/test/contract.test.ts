import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import stochasticDepth from '../src/index.ts'

const context = (channels: number): BlockShape => ({
  inputChannels: channels,
  outputChannels: channels,
  stride: 1,
  kernelSize: 1,
  activate: false,
})

blockContract({
  plugin: stochasticDepth,
  name: 'stochastic-depth',
  options: [{}, { rate: 0.5 }, { rate: 0 }],
  contexts: fc.integer({ min: 1, max: 5 }).map(context),
  examples: [context(3), { ...context(4), activate: true }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([stochasticDepth]).component('block', 'stochastic-depth')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
