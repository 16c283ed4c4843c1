import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import randomErasing from '../src/index.ts'

callbackContract({
  plugin: randomErasing,
  name: 'random-erasing',
  options: [{}, { chance: 1, fill: 'colour' }, { fill: 'noise', minArea: 0.3, maxArea: 0.3 }],
  off: { chance: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([randomErasing]).component('callback', 'random-erasing')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

test('refuses a smallest area above the largest', () => {
  const registry = createRegistry([randomErasing])
  const { use } = registry.normalize('callback', { use: 'random-erasing', minArea: 0.4 } as never, 'test')
  expect(() => registry.create('callback', use, { source: {} as never, metrics: [] })).toThrow('[E_OPTION_RANGE]')
})
