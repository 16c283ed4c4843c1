import type { Dataset } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import { expect, test } from 'vitest'
import { applyLimits, type Limits } from './limits.ts'

const dataset = { size: (split) => (split === 'train' ? 100 : 20) } as Dataset
const rowOf = (epochs: number, stages?: readonly number[]) =>
  ({
    seeds: [1],
    recipe: { epochs, data: {}, ...(stages && { stages: stages.map((own) => ({ epochs: own, data: {} })) }) },
  }) as unknown as Row
const whole = rowOf(3)
const staged = rowOf(6, [2, 4])

test.each<[string, Row, Limits, Limits]>([
  ['none', whole, {}, {}],
  ['as many epochs as the row has', whole, { epochs: 3 }, {}],
  ['more epochs than it has', whole, { epochs: 400 }, {}],
  ['fewer epochs', whole, { epochs: 2 }, { epochs: 2 }],
  ['as many images as there are', whole, { limitTrain: 100, limitValid: 20 }, {}],
  ['fewer images', whole, { limitTrain: 99, limitValid: 21 }, { limitTrain: 99 }],
  ['as many epochs as the longest stage has', staged, { epochs: 4 }, {}],
  ['fewer than one of the stages has', staged, { epochs: 3 }, { epochs: 3 }],
])('%s', (_, row, limits, shortening) => {
  const sizes = { train: shortening.limitTrain ?? 100, valid: shortening.limitValid ?? 20 }
  expect(applyLimits(row, limits, dataset)).toEqual({ limits: shortening, sizes })
})
