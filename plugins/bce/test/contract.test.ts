import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { lossContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

lossContract({ plugin, name: 'bce', options: [{}, { threshold: 0, sum: true }, { threshold: 1 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('loss', 'bce')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
