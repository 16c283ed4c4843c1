import { createRegistry } from '@tricklab/core'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'
import golden from './golden/warmup.json' with { type: 'json' }

const registry = createRegistry([plugin])

test.each(golden.cases)('the rates of $options are those of timm', ({ options, rates }) => {
  const { use } = registry.normalize('schedule', { use: 'warmup', ...options }, 'test')
  const context = { learningRate: golden.rate, totalSteps: golden.steps, stepsPerEpoch: 10 }
  const schedule = registry.create('schedule', use, context)
  for (const [step, rate] of rates.entries()) expect(schedule.at(step).learningRate).toBeCloseTo(rate, 12)
})

test('without a decay the rate stays where the warm-up ended', () => {
  const options = { pctStart: 0.5, initial: 0, decay: 'none' }
  const { use } = registry.normalize('schedule', { use: 'warmup', ...options }, 'test')
  const schedule = registry.create('schedule', use, { learningRate: 0.1, totalSteps: 8, stepsPerEpoch: 8 })
  const rates = Array.from({ length: 8 }, (_, step) => schedule.at(step).learningRate)
  for (const [step, rate] of [0, 0.025, 0.05, 0.075, 0.1, 0.1, 0.1, 0.1].entries())
    expect(rates[step]).toBeCloseTo(rate, 12)
})
