import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import multiSampleDropout from '../src/index.ts'

blockContract({
  plugin: multiSampleDropout,
  name: 'multi-sample-dropout',
  options: [{}, { samples: 1, rate: 0 }, { samples: 3, rate: 0.2 }],
  contexts: fc.record({
    inputChannels: fc.integer({ min: 1, max: 5 }),
    outputChannels: fc.integer({ min: 1, max: 5 }),
    stride: fc.constant(1),
    kernelSize: fc.constant(1),
    activate: fc.constant(false),
  }),
  examples: [{ inputChannels: 6, outputChannels: 3, stride: 1, kernelSize: 1, activate: false }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([multiSampleDropout]).component('block', 'multi-sample-dropout')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
