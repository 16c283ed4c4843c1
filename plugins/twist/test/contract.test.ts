import { readFileSync } from 'node:fs'
import { type Block, createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import twist from '../src/index.ts'

const context = (inputChannels: number, outputChannels: number, stride: number): BlockShape => ({
  ...{ inputChannels, outputChannels, stride },
  ...{ kernelSize: 3, activate: false },
})

const channels = fc.integer({ min: 1, max: 4 })

blockContract({
  plugin: twist,
  name: 'twist',
  engines: localEngines,
  options: [{}, { iters: 3 }, { version: 'centres' }, { version: 'twist-layer' }],
  contexts: fc
    .tuple(channels, channels, fc.constantFrom(1, 2))
    .map(([inputs, outputs, stride]) => context(inputs, outputs, stride)),
  examples: [context(3, 3, 1), { ...context(3, 4, 2), activate: true }],
  runs: 25,
})

blockContract({
  plugin: twist,
  name: 'twist',
  engines: localEngines,
  options: [{ channelsPerGroup: 2, permute: true, iters: 2 }],
  contexts: fc.constantFrom(1, 2).map((stride) => context(4, 6, stride)),
  examples: [context(4, 4, 1), { ...context(6, 3, 2), activate: true }],
  runs: 10,
})

// In a place with groups, and in that of any convolution.
blockContract({
  plugin: twist,
  name: 'twist',
  engines: localEngines,
  options: [
    { iters: 2 },
    { version: 'centres', start: 'torch' },
    { version: 'twist-layer', kernels: 'any' },
    { version: 'twist-layer', kernels: 'any', groups: 'none' },
  ],
  contexts: fc.constantFrom(1, 2).map((stride) => ({ ...context(4, 6, stride), offers: { groups: 2 } })),
  examples: [
    { ...context(4, 4, 1), offers: { groups: 2 } },
    { ...context(6, 3, 2), offers: { groups: 3 }, activate: true },
  ],
  runs: 10,
})

blockContract({
  plugin: twist,
  name: 'twist',
  engines: localEngines,
  options: [{ kernels: 'any' }],
  runs: 10,
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([twist]).component('block', 'twist')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('leaves the places that it does not take as they were, where it is told what stands there', () => {
  const registry = createRegistry([twist])
  const original = { params: {}, outputShape: () => [1, 1, 1], macs: () => 0, apply: (x) => x, dispose() {} } as Block
  const stands = (options: object, changes: object = {}) => {
    const { use } = registry.normalize('block', { use: 'twist', ...options }, 'test')
    const shape = { ...context(6, 6, 1), ...changes, offers: { original: () => original }, init: createRng(1) }
    const block = registry.create('block', use, shape)
    if (block !== original) block.dispose()
    return block !== original
  }
  expect(stands({})).toBe(true)
  expect(stands({}, { kernelSize: 1 })).toBe(false)
  expect(stands({ kernels: 'any' }, { kernelSize: 1 })).toBe(true)
  expect(stands({ outputsAbove: 5 })).toBe(true)
  expect(stands({ outputsAbove: 6, kernels: 'any' })).toBe(false)
})

test('refuses other kernels, channels that groups do not divide, and groups where there are none', () => {
  const registry = createRegistry([twist])
  const build = (options: object, changes: object = {}) => {
    const { use } = registry.normalize('block', { use: 'twist', ...options }, 'test')
    return registry.create('block', use, { ...context(6, 6, 1), ...changes, init: createRng(1) })
  }
  expect(() => build({}, { kernelSize: 1 })).toThrow('[E_SHAPE] The block twist cannot replace this convolution')
  expect(() => build({ channelsPerGroup: 4 })).toThrow('[E_SHAPE] twist cannot divide')
  expect(() => build({ channelsPerGroup: 2 }, { outputChannels: 4 })).toThrow('[E_SHAPE]')
  expect(() => build({}, { offers: { groups: 4 } })).toThrow('multiples of the 4 groups of the place')
  expect(() => build({ outputsAbove: 6 })).toThrow('more than 6 output channels')
  expect(() => build({ version: 'centres', permute: true })).toThrow('[E_OPTION_RANGE]')
  expect(() => build({ version: 'twist-layer', channelsPerGroup: 2 })).toThrow('[E_OPTION_RANGE]')
})
