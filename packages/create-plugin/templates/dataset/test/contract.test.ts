import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { datasetContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import myTrick from '../src/index.js'

datasetContract({ plugin: myTrick, name: 'my-trick', options: [{}, { imageSize: 5, trainSize: 3 }] })

test('the README shows the options as they are', () => {
  const { options } = createRegistry([myTrick]).component('dataset', 'my-trick')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
