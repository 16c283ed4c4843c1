import { readFileSync } from 'node:fs'
import { createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import permutedGroups from '../src/index.ts'

const context = (inputChannels: number, outputChannels: number, stride: number): BlockShape => ({
  ...{ inputChannels, outputChannels, stride },
  ...{ kernelSize: 3, activate: false },
})

blockContract({
  plugin: permutedGroups,
  name: 'permuted-groups',
  engines: localEngines,
  options: [
    { channelsPerGroup: 2 },
    { channelsPerGroup: 1, design: 'none' },
    { groups: 4, design: '2-cycles' },
    { groups: 4, design: 'n-cycle' },
    { groups: 8, design: 'small-world', rewire: 0.5, wiring: 3 },
  ],
  contexts: fc
    .tuple(fc.constantFrom(8, 16), fc.constantFrom(8, 16), fc.constantFrom(1, 2))
    .map(([inputs, outputs, stride]) => context(inputs, outputs, stride)),
  examples: [context(8, 8, 1), { ...context(8, 16, 2), activate: true }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([permutedGroups]).component('block', 'permuted-groups')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('refuses channels that the groups do not divide, and options of another design', () => {
  const registry = createRegistry([permutedGroups])
  const build = (options: object, channels = 16) => {
    const { use } = registry.normalize('block', { use: 'permuted-groups', ...options }, 'test')
    return registry.create('block', use, { ...context(channels, channels, 1), init: createRng(1) })
  }
  expect(() => build({}, 12)).toThrow('[E_SHAPE] Permuted groups cannot divide')
  expect(() => build({ groups: 3 }, 16)).toThrow('[E_SHAPE]')
  expect(() => build({ groups: 2 })).toThrow('[E_SHAPE] The design "4-cycles" of permuted groups does not fit')
  expect(() => build({ groups: 4, rewire: 0.2 })).toThrow('[E_OPTION_RANGE]')
  expect(() => build({ design: 'none', links: 3 })).toThrow('[E_OPTION_RANGE]')
})
