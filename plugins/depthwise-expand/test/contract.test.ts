import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import depthwiseExpand from '../src/index.ts'

const context = (inputChannels: number, outputChannels: number, stride: number, expansion = 1): BlockShape => ({
  ...{ inputChannels, outputChannels, stride, offers: { expansion } },
  ...{ kernelSize: 3, activate: false },
})

blockContract({
  plugin: depthwiseExpand,
  name: 'depthwise-expand',
  engines: localEngines,
  options: [{}, { multiplier: 1, between: 'norm' }, { multiplier: 2, between: 'norm-activation' }],
  contexts: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(2, 4), fc.constantFrom(1, 2), fc.constantFrom(1, 2))
    .map(([inputs, outputs, stride, expansion]) => context(inputs, outputs, stride, expansion)),
  examples: [context(4, 4, 1, 2), context(3, 4, 2)],
  runs: 20,
  // Behind the γ that starts at 0.
  zeroGradient: ['conv', 'norm1', 'depthwise'],
})

blockContract({
  plugin: depthwiseExpand,
  name: 'depthwise-stem',
  engines: localEngines,
  options: [{ widths: [3] }, { widths: [2, 3], multiplier: 2, halve: false }],
  contexts: fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }))
    .map(([inputs, outputs]) => context(inputs, outputs, 2)),
  examples: [{ ...context(3, 4, 2), activate: true }],
  runs: 20,
})

test.each(['depthwise-expand', 'depthwise-stem'])('the README shows the options of %s as they are', (name) => {
  const { options } = createRegistry([depthwiseExpand]).component('block', name)
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
