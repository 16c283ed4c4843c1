import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createLinearModel, disposeLearner } from '../../test/linear-learner.ts'
import type { Batch, Model } from '../contracts.ts'
import * as tf from '../tf.ts'
import { fit } from './fit.ts'
import { padTargets } from './pad-targets.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('targets are padded with zeros to the width of the scores, and kept where they fit', () => {
  const targets = tf.tensor2d([0.25, 0.75, 1, 0], [2, 2])
  expect(padTargets(targets, 2)).toBe(targets)
  const padded = padTargets(targets, 4)
  expect(padded.arraySync()).toEqual([
    [0.25, 0.75, 0, 0],
    [1, 0, 0, 0],
  ])
  expect(targets.isDisposed).toBe(true)
  expect(() => padTargets(padded, 3)).toThrow('[E_SHAPE] The model has fewer outputs')
  padded.dispose()
})

/** The linear model with a third output that no class belongs to. */
function createWideModel(): Model {
  const model = createLinearModel()
  return {
    ...model,
    classes: 3,
    apply: (images, context) =>
      tf.pad(model.apply(images, context), [
        [0, 0],
        [0, 1],
      ]),
  }
}

test('every hook and the loss see targets as wide as the scores', async () => {
  const before = tf.memory().numTensors
  const widths = new Set<number>()
  const callback = {
    beforeBatch: (batch: Batch) => {
      widths.add(batch.targets.shape[1])
    },
  }
  const learner = createLearner([{ name: 'watcher', stage: 'target', callback }], {
    epochs: 1,
    model: createWideModel(),
  })
  await fit(learner)
  disposeLearner(learner)
  expect([...widths]).toEqual([3])
  expect(tf.memory().numTensors).toBe(before)
})
