import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import colOut from '../src/index.ts'

callbackContract({
  plugin: colOut,
  name: 'col-out',
  options: [{}, { rows: 0.5, columns: 0 }],
  off: { rows: 0, columns: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([colOut]).component('callback', 'col-out')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
