import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { activationContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import myTrick from '../src/index.js'

activationContract({ plugin: myTrick, name: 'my-trick', reference: (x) => x / (1 + 0.2 * Math.abs(x)) })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([myTrick]).component('activation', 'my-trick')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
