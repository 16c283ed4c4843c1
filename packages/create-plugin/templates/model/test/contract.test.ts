import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { modelContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import myTrick from '../src/index.js'

modelContract({ plugin: myTrick, name: 'my-trick', options: [{ width: 3 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([myTrick]).component('model', 'my-trick')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
