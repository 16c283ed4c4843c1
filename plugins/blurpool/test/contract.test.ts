import { readFileSync } from 'node:fs'
import { createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { localEngines } from '@tricklab/engine/local-engines'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import blurpool from '../src/index.ts'
import { operatorNames } from '../src/operators.ts'

const context = (channels: number): BlockShape => ({
  inputChannels: channels,
  outputChannels: channels,
  stride: 2,
  kernelSize: 3,
  activate: false,
})

blockContract({
  plugin: blurpool,
  name: 'blurpool',
  engines: localEngines,
  options: [...operatorNames.map((operator) => ({ operator })), { operator: 'adobe', size: 1 }, { size: 7 }],
  contexts: fc.integer({ min: 1, max: 5 }).map(context),
  examples: [context(3), { ...context(2), kernelSize: 2, activate: true }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([blurpool]).component('block', 'blurpool')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('refuses other channels, another stride and images that are too small to mirror', () => {
  const registry = createRegistry([blurpool])
  const { use } = registry.normalize('block', 'blurpool', 'test')
  const build = (changes: object = {}) =>
    registry.create('block', use, { ...context(2), ...changes, init: createRng(1) })
  expect(() => build({ outputChannels: 3 })).toThrow('[E_SHAPE] Blur pool cannot change the number of channels')
  expect(() => build({ stride: 1 })).toThrow('[E_SHAPE]')
  expect(() => build().outputShape([8, 3, 2])).toThrow('more than 3 pixels a side')
  expect(build().outputShape([8, 4, 2])).toEqual([4, 2, 2])
  const unknown = { use: 'blurpool', operator: 'kornia' }
  expect(registry.normalize('block', unknown, 'test').problems).toHaveLength(1)
})
