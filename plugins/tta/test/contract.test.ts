import { readFileSync } from 'node:fs'
import { createRegistry, formatOptionTable } from '@tricklab/core'
import { predictorContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import tta from '../src/index.ts'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

predictorContract({
  plugin: tta,
  name: 'tta',
  options: [{}, { views: 1, beta: 0.6 }, { beta: 0 }, { beta: 1 }, { reduce: 'max', views: 3 }],
  reference: (plain, views, { beta, reduce }) =>
    plain.map((p, k) => {
      const drawn = views.map((view) => view[k]!)
      if (reduce === 'max') return Math.max(p, ...drawn)
      return (1 - (beta as number)) * (sum(drawn) / drawn.length) + (beta as number) * p
    }),
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([tta]).component('predictor', 'tta')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})
