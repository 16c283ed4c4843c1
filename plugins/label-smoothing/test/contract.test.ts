import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import labelSmoothing from '../src/index.ts'

callbackContract({
  plugin: labelSmoothing,
  name: 'label-smoothing',
  options: [{ validation: false }, { validation: false, epsilon: 0.4 }],
  off: { epsilon: 0 },
})
callbackContract({
  plugin: labelSmoothing,
  name: 'label-smoothing',
  off: { epsilon: 0, validation: false },
  skip: { 'validation batches pass unchanged': "fastai's loss smooths them too; `validation: false` does not" },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([labelSmoothing]).component('callback', 'label-smoothing')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
