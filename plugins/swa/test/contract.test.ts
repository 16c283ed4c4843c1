import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

callbackContract({ plugin, name: 'swa', options: [{}, { start: 0 }], off: { start: 1 } })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('callback', 'swa')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
