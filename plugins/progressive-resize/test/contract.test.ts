import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import progressiveResize from '../src/index.ts'

callbackContract({
  plugin: progressiveResize,
  name: 'progressive-resize',
  // Acts from the first step on, so that no option goes unnoticed in a short fit of 6 × 6 images.
  options: [
    { delayFraction: 0.4, sizeIncrement: 1 },
    { delayFraction: 0, finetuneFraction: 0, sizeIncrement: 1, mode: 'crop' },
    { initialScale: 0.3, delayFraction: 1, finetuneFraction: 0, sizeIncrement: 2 },
  ],
  off: { initialScale: 1 },
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([progressiveResize]).component('callback', 'progressive-resize')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
