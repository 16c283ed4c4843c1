import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { optimizerContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import myTrick from '../src/index.js'

optimizerContract({ plugin: myTrick, name: 'my-trick', options: [{}, { momentum: 0 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([myTrick]).component('optimizer', 'my-trick')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
