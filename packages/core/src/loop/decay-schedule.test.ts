import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createOptimizer, disposeLearner } from '../../test/linear-learner.ts'
import type { Optimizer } from '../contracts.ts'
import { fit } from './fit.ts'
import type { LearnerParts } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** The factors of weight decay that an optimizer is given, step by step. */
async function factorsOf(parts: Partial<LearnerParts>): Promise<(number | undefined)[]> {
  const factors: (number | undefined)[] = []
  const inner = createOptimizer()
  const optimizer: Optimizer = {
    ...inner,
    step(params, ...rest) {
      factors.push(params[0]!.weightDecay)
      return inner.step(params, ...rest)
    },
  }
  const learner = createLearner([], { optimizer, ...parts })
  await fit(learner)
  disposeLearner(learner)
  return factors
}

const decaySchedule = { at: (step: number) => ({ learningRate: 1 / (step + 1), momentum: 0.5 }) }

test('the weight decay follows its schedule, update by update, through the factor that every optimizer reads', async () => {
  const three = [1, 1 / 2, 1 / 3]
  expect(await factorsOf({ decaySchedule, epochs: 1 })).toEqual(three)
  // Two batches an update: two updates an epoch.
  expect(await factorsOf({ decaySchedule, accumulate: 2, epochs: 2 })).toEqual([...three, 1 / 4])
  const groups = [{ match: 'linear', weightDecay: 10 }]
  expect(await factorsOf({ decaySchedule, groups, epochs: 1 })).toEqual(three.map((factor) => 10 * factor))
  // A later stage has a schedule of its own, which begins anew.
  expect(await factorsOf({ decaySchedule, start: { stage: 1, epoch: 5, step: 15 }, epochs: 1 })).toEqual(three)
})

test('without a schedule parameters are given as they are', async () => {
  expect(await factorsOf({ epochs: 1 })).toEqual([undefined, undefined, undefined])
})
