import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import whitenedStem from '../src/index.ts'

const stem = (inputChannels: number, stride: number): BlockShape => ({
  ...{ inputChannels, outputChannels: 4, stride, kernelSize: 3, activate: true },
})

blockContract({
  plugin: whitenedStem,
  name: 'whitened-stem',
  options: [{}, { size: 3 }],
  contexts: fc
    .record({ inputChannels: fc.integer({ min: 1, max: 3 }), stride: fc.constantFrom(1, 2) })
    .map((one) => stem(one.inputChannels, one.stride)),
  examples: [stem(3, 2)],
  sizes: [5, 12],
  runs: 15,
})

test.each(['block', 'callback'] as const)('the README shows the options of the %s as they are', (kind) => {
  const { options } = createRegistry([whitenedStem]).component(kind, 'whitened-stem')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
