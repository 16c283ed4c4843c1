import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import translate from '../src/index.ts'

callbackContract({ plugin: translate, name: 'translate', options: [{}, { pixels: 9 }], off: { pixels: 0 } })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([translate]).component('callback', 'translate')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
