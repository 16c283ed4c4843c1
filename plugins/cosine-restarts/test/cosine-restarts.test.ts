import { createRegistry } from '@tricklab/core'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'
import golden from './golden/cosine-restarts.json' with { type: 'json' }

const registry = createRegistry([plugin])

test.each(golden.cases)('the rates of $options are those of PyTorch', ({ options, rates }) => {
  const { use } = registry.normalize('schedule', { use: 'cosine-restarts', ...options }, 'test')
  const context = { learningRate: golden.rate, totalSteps: rates.length, stepsPerEpoch: golden.stepsPerEpoch }
  const schedule = registry.create('schedule', use, context)
  for (const [step, rate] of rates.entries()) expect(schedule.at(step).learningRate).toBeCloseTo(rate, 12)
})
