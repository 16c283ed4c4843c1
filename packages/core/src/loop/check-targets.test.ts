import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createLinearModel, disposeLearner } from '../../test/linear-learner.ts'
import type { Callback } from '../contracts.ts'
import { listParams } from '../params/index.ts'
import * as tf from '../tf.ts'
import { isMultiLabel, readLoss } from './check-targets.ts'
import { evaluate } from './evaluate.ts'
import { fit } from './fit.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Makes every target one of two classes at once, in one of the passes. */
const twice = (training: boolean) => {
  const callback: Callback = {
    beforeBatch(batch) {
      return batch.training === training ? { ...batch, targets: tf.mul(batch.targets, 2) as tf.Tensor2D } : undefined
    },
  }
  return { name: 'twice', stage: 'target' as const, callback }
}

test.each([
  ['one label', [0, 1, 0], false],
  ['a smoothed label', [0.05, 0.9, 0.05], false],
  ['a mix of two images', [0.3, 0.7, 0], false],
  ['a thousandth of each of a thousand classes', Array(1000).fill(0.001), false],
  ['two labels', [1, 0, 1], true],
])('%s', async (_name, row, isWrong) => {
  const [loss, targets] = [tf.scalar(0.1), tf.tensor2d([row, row])]
  const before = tf.memory().numTensors
  const { lossValue, targetSum } = await readLoss(loss, { index: 0, targets })
  expect([lossValue, isMultiLabel(targetSum)]).toEqual([Math.fround(0.1), isWrong])
  expect(await readLoss(loss, { index: 1, targets })).toEqual({ lossValue: Math.fround(0.1) })
  expect(tf.memory().numTensors).toBe(before)
  tf.dispose([loss, targets])
})

test('several labels in training are refused with the first batch, which changes no weight', async () => {
  const model = createLinearModel()
  const values = () => listParams(model.params).map(({ value }) => [...value.dataSync()])
  const before = values()
  const learner = createLearner([twice(true)], { model })
  await expect(fit(learner)).rejects.toThrow(
    /^\[E_MULTI_LABEL\].*first training batch.*neither loss nor metrics.*Received: a sum of 2\..*one label/,
  )
  expect(values()).toEqual(before)
  expect(learner.position.step).toBe(0)
  disposeLearner(learner)
})

test('several labels in validation are refused, in a fit and when weights are scored', async () => {
  for (const run of [fit, evaluate]) {
    const learner = createLearner([twice(false)])
    await expect(run(learner)).rejects.toThrow(/^\[E_MULTI_LABEL\].*first validation batch/)
    disposeLearner(learner)
  }
})
