import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { createLearner, disposeLearner } from '../../test/linear-learner.ts'
import type { Callback } from '../contracts.ts'
import type { Json } from '../json.ts'
import * as tf from '../tf.ts'
import { evaluate } from './evaluate.ts'
import { fit } from './fit.ts'
import type { BoundCallback } from './hooks.ts'
import { type LearnerParts, type Snapshot, startOf } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const bind = (name: string, callback: Callback): BoundCallback => ({ name, stage: 'log', callback })

/** Ends a training in the epoch and after the batch given; at the end of the epoch where none is. */
const stopper = (epoch: number, training?: boolean, index?: number): BoundCallback =>
  bind('stopper', {
    afterBatch: (at) =>
      at.epoch === epoch && at.training === training && at.index === index ? { stop: 'enough' } : undefined,
    afterEpoch: (at) => (at.epoch === epoch && index === undefined ? { stop: 'enough' } : undefined),
  })

/** Writes down batches and epochs, and the reason of a stop where they name one. */
function createWatcher(log: string[]): BoundCallback {
  const note = (place: string, stop: string | undefined) =>
    void log.push(stop === undefined ? place : `${place} ${stop}`)
  return bind('watcher', {
    afterBatch: ({ training, epoch, index, stop }) => note(`${training ? 'train' : 'valid'} ${epoch}.${index}`, stop),
    afterEpoch: ({ epoch, stop }) => note(`epoch ${epoch}`, stop),
    afterFit: () => void log.push('over'),
  })
}

const stopped = 'stopper: enough'

test.each([
  [
    'at the end of an epoch',
    stopper(0),
    ['train 0.0', 'train 0.1', 'train 0.2', 'valid 0.0', 'valid 0.1', `epoch 0 ${stopped}`, 'over'],
  ],
  [
    'within an epoch, which is validated',
    stopper(0, true, 1),
    ['train 0.0', `train 0.1 ${stopped}`, `valid 0.0 ${stopped}`, `valid 0.1 ${stopped}`, `epoch 0 ${stopped}`, 'over'],
  ],
  [
    'within a validation, which goes on',
    stopper(0, false, 0),
    [
      'train 0.0',
      'train 0.1',
      'train 0.2',
      `valid 0.0 ${stopped}`,
      `valid 0.1 ${stopped}`,
      `epoch 0 ${stopped}`,
      'over',
    ],
  ],
])('a callback ends the training %s', async (_, callback, expected) => {
  const log: string[] = []
  const learner = createLearner([callback, createWatcher(log)], { epochs: 3 })
  const result = await fit(learner)
  disposeLearner(learner)
  expect(log).toEqual(expected)
  expect(result).toEqual({ train: expect.anything(), valid: expect.anything(), stopped })
})

test('the first reason counts, and a training that goes to its end has none', async () => {
  const second = bind('second', { afterEpoch: () => ({ stop: 'too late' }) })
  const learner = createLearner([stopper(1), second, stopper(0)], { epochs: 3 })
  expect((await fit(learner)).stopped).toBe('second: too late')
  disposeLearner(learner)
  const whole = createLearner([stopper(7)], { epochs: 2 })
  expect(await fit(whole)).not.toHaveProperty('stopped')
  disposeLearner(whole)
})

test('gradients that wait for their group are given up', async () => {
  const before = tf.memory().numTensors
  const learner = createLearner([stopper(0, true, 1)], { epochs: 2, accumulate: 3 })
  await fit(learner)
  disposeLearner(learner)
  expect(tf.memory().numTensors).toBe(before)
})

test('the weights score as the fit did, with the end that it came to', async () => {
  const callback = () =>
    bind('marker', { afterLoss: ({ loss, epoch, step }) => ({ loss: tf.add(loss, 10 * epoch + step) }) })
  const learner = createLearner([callback(), stopper(1, true, 1)], { epochs: 4 })
  const { valid } = await fit(learner)
  learner.dispose()
  const fresh = createLearner([callback()], { epochs: 4, model: learner.parts.model })
  expect(await evaluate(fresh, undefined, { epoch: 1, step: learner.position.step })).toEqual(valid)
  expect(await evaluate(fresh)).not.toEqual(valid)
  disposeLearner(fresh)
})

describe.each([
  ['an epoch', 1, undefined, undefined],
  ['a batch', 1, true, 1],
  ['a validation batch', 0, false, 0],
] as const)('stopped after %s', (_, epoch, training, index) => {
  test('and resumed at any place, it comes to the same end', async () => {
    const parts: Partial<LearnerParts> = { epochs: 3, accumulate: 2, start: { stage: 1, epoch: 0, step: 0 } }
    const snapshots: Snapshot[] = []
    const save = () => {
      const { state, tensors } = learner.snapshot()
      const copies = Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor))] as const)
      snapshots.push({ state: JSON.parse(JSON.stringify(state)) as Json, tensors: Object.fromEntries(copies) })
    }
    const saver = { ...bind('saver', { afterBatch: save, afterEpoch: save }), stage: 'checkpoint' as const }
    const learner = createLearner([stopper(epoch, training, index), saver], parts)
    const whole = await fit(learner)
    const bits = learner.params[0]!.value.dataSync().slice()
    const { position } = learner
    disposeLearner(learner)
    expect(snapshots.length).toBeGreaterThan(4)
    for (const snapshot of snapshots) {
      const resumed = createLearner([stopper(epoch, training, index)], parts)
      await resumed.restore(snapshot)
      expect(await fit(resumed)).toEqual(whole)
      expect(resumed.position).toEqual(position)
      expect(resumed.params[0]!.value.dataSync()).toEqual(bits)
      expect(startOf(snapshot)).toEqual(parts.start)
      disposeLearner(resumed)
      tf.dispose(Object.values(snapshot.tensors))
    }
  })
})

test.each([
  [stopper(0, true, 0), /E_HOOK_RETURN.*stops the training at its first batch. It says: "stopper: enough"/],
  [bind('x', { afterEpoch: () => ({ stop: ' ' }) }), /E_HOOK_RETURN.*Callback "x" answered afterEpoch/],
  [bind('x', { afterBatch: () => ({ stop: 3 }) as never }), /E_HOOK_RETURN.*stop: 3/],
  [bind('x', { afterBatch: () => ({ loss: 3 }) as never }), /E_HOOK_RETURN.*only stop/],
])('what is no reason to stop is refused', async (callback, message) => {
  const learner = createLearner([callback])
  await expect(fit(learner)).rejects.toThrow(message)
  disposeLearner(learner)
})
