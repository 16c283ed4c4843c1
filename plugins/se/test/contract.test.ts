import { readFileSync } from 'node:fs'
import { createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { type BlockShape, blockContract } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import se from '../src/index.ts'

const context = (channels: number): BlockShape => ({
  inputChannels: channels,
  outputChannels: channels,
  stride: 1,
  kernelSize: 1,
  activate: false,
})

blockContract({
  plugin: se,
  name: 'se',
  options: [{}, { form: 'linear' }, { width: 'efficientnet', reduction: 2.5 }, { activation: 'swish' }],
  contexts: fc.integer({ min: 1, max: 5 }).map(context),
  examples: [context(9), { ...context(16), activate: true }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([se]).component('block', 'se')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('refuses to change channels or size, and a rule that leaves no width', () => {
  const registry = createRegistry([se])
  const build = (changes: object = {}, options: object = {}) =>
    registry.create('block', registry.normalize('block', { use: 'se', ...options }, 'test').use, {
      ...context(8),
      ...changes,
      init: createRng(1),
    })
  expect(() => build({ outputChannels: 3 })).toThrow('[E_SHAPE] Squeeze-and-excitation cannot')
  expect(() => build({ stride: 2 })).toThrow('[E_SHAPE]')
  expect(() => build({}, { width: 'keras' })).toThrow('[E_OPTION_RANGE] block "se": width "keras" leaves nothing of 8')
  expect(() => build({}, { width: 'fastai' })).toThrow('[E_OPTION_RANGE]')
  const block = build()
  expect(() => block.outputShape([4, 4, 3])).toThrow('[E_SHAPE] squeeze-and-excitation cannot take these images')
  block.dispose()
})
