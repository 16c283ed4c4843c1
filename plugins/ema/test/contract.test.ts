import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import ema from '../src/index.ts'

callbackContract({
  plugin: ema,
  name: 'ema',
  options: [{}, { decay: 0.5 }, { decay: 0.9, warmup: true }],
  off: { decay: 0 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([ema]).component('callback', 'ema')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
