import * as tf from '@tricklab/core/tf'
import { expect, test } from 'vitest'
import { prepareEngine } from '../engine.ts'
import { createTrainingStep, expectedLosses, lossTolerance } from './training-step.ts'

test.each(['cpu', 'wasm'] as const)('%s comes to the recorded losses and leaves no tensor', async (name) => {
  await prepareEngine(name)
  const before = tf.memory().numTensors
  const step = createTrainingStep()
  for (const expected of expectedLosses) {
    expect(Math.abs((await step.run()) - expected)).toBeLessThan(lossTolerance * expected)
  }
  step.dispose()
  expect(tf.memory().numTensors).toBe(before)
})

test('a wrong gradient shows in the losses', async () => {
  await prepareEngine('cpu')
  const right = tf.getGradient('MaxPool')
  tf.unregisterGradient('MaxPool')
  tf.registerGradient({ ...right, gradFunc: (_dy, [x]) => ({ x: () => tf.zerosLike(x as tf.Tensor) }) })
  const step = createTrainingStep()
  const losses = [await step.run(), await step.run()]
  step.dispose()
  tf.unregisterGradient('MaxPool')
  tf.registerGradient(right)
  expect(Math.abs((losses[1] ?? 0) - (expectedLosses[1] ?? 0))).toBeGreaterThan(10 * lossTolerance)
})
