import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { lossContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

lossContract({ plugin, name: 'focal', options: [{}, { gamma: 0 }, { gamma: 0.5 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([plugin]).component('loss', 'focal')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
