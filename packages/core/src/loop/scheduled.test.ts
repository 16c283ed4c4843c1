import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createOptimizer, disposeLearner } from '../../test/linear-learner.ts'
import type { Optimizer } from '../contracts.ts'
import { fit } from './fit.ts'
import type { LearnerParts } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** The factors of weight decay that an optimizer is given, step by step, or the rates that it is called with. */
async function factorsOf(parts: Partial<LearnerParts>, what: 'decay' | 'rate' = 'decay') {
  const factors: (number | undefined)[] = []
  const inner = createOptimizer()
  const optimizer: Optimizer = {
    ...inner,
    step(params, gradients, hyper, ...rest) {
      factors.push(what === 'decay' ? params[0]!.weightDecay : hyper.learningRate)
      return inner.step(params, gradients, hyper, ...rest)
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

test('a group may have schedules of its own, beside those of all', async () => {
  const three = [1, 1 / 2, 1 / 3]
  const all = await factorsOf({ epochs: 1 }, 'rate')
  const falling = { at: (step: number) => ({ learningRate: 0.1 / (step + 1), momentum: 0.9 }) }
  const group = { match: 'linear', schedule: falling }
  expect(await factorsOf({ groups: [{ ...group, learningRate: 0.1 }], epochs: 1 }, 'rate')).toEqual(
    all.map((rate, step) => rate! * falling.at(step).learningRate),
  )
  expect(await factorsOf({ groups: [group], epochs: 1 })).toEqual([undefined, undefined, undefined])
  const decay = { match: 'linear', decaySchedule: { at: (step: number) => ({ learningRate: 3 - step }) } }
  expect(await factorsOf({ groups: [decay], epochs: 1 })).toEqual([3, 2, 1])
  expect(await factorsOf({ groups: [decay], decaySchedule, epochs: 1 })).toEqual(
    three.map((at, step) => (3 - step) * at),
  )
})
