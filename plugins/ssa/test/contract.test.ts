import { readFileSync } from 'node:fs'
import { createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import ssa from '../src/index.ts'

const context = (channels: number): BlockShape => ({
  inputChannels: channels,
  outputChannels: channels,
  stride: 1,
  kernelSize: 1,
  activate: false,
})

blockContract({
  plugin: ssa,
  name: 'ssa',
  engines: localEngines,
  options: [{}, { order: 'positions' }, { spectralNorm: false }, { symmetric: true }],
  contexts: fc.integer({ min: 1, max: 5 }).map(context),
  examples: [context(3), { ...context(4), activate: true }],
  zeroGradient: ['weight'],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([ssa]).component('block', 'ssa')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('refuses to change channels or size', () => {
  const registry = createRegistry([ssa])
  const { use } = registry.normalize('block', 'ssa', 'test')
  const build = (changes: object = {}) =>
    registry.create('block', use, { ...context(4), ...changes, init: createRng(1) })
  expect(() => build({ outputChannels: 3 })).toThrow('[E_SHAPE] SSA cannot')
  expect(() => build({ stride: 2 })).toThrow('[E_SHAPE]')
  const block = build()
  expect(() => block.outputShape([4, 4, 3])).toThrow('[E_SHAPE] SSA cannot take these images')
  block.dispose()
})
