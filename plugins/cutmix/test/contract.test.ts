import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import cutmix from '../src/index.ts'

callbackContract({ plugin: cutmix, name: 'cutmix', options: [{}, { alpha: 0.4, per: 'sample' }], off: { alpha: 0 } })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([cutmix]).component('callback', 'cutmix')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
