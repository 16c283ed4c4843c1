import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import mixup from '../src/index.ts'

callbackContract({
  plugin: mixup,
  name: 'mixup',
  options: [{}, { alpha: 1, per: 'batch' }, { alpha: 0.01 }],
  off: { alpha: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([mixup]).component('callback', 'mixup')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
