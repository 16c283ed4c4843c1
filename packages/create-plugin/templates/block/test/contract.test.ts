import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { blockContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import myTrick from '../src/index.js'

blockContract({ plugin: myTrick, name: 'my-trick', options: [{}, { start: 0.5 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([myTrick]).component('block', 'my-trick')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
