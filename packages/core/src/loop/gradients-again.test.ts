import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createLinearModel, createOptimizer, disposeLearner } from '../../test/linear-learner.ts'
import type { Callback, GradientsAgain, Model, Optimizer } from '../contracts.ts'
import * as tf from '../tf.ts'
import { fit } from './fit.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Asks for gradients again before every step, and hands both to whoever watches. */
function createAsking(watch: (first: readonly tf.Tensor[], again: GradientsAgain) => void, move = 0): Optimizer {
  const inner = createOptimizer()
  return {
    ...inner,
    passes: 2,
    async step(params, gradients, hyper, step, again) {
      const { value } = params[0]!
      const start = tf.clone(value as tf.Tensor)
      if (move !== 0) tf.tidy(() => value.assign(tf.add(value, move)))
      const found = await again!()
      value.assign(start)
      watch(gradients, found)
      inner.step(params, gradients, hyper, step)
      tf.dispose([start, found.loss, ...found.gradients])
    },
  }
}

/** The linear model that counts its training passes in a buffer, as running statistics do. */
function createCountingModel(): Model {
  const model = createLinearModel()
  const passes = tf.tidy(() => tf.variable(tf.scalar(0), false))
  return {
    ...model,
    params: { ...model.params, passes: { role: 'buffer', value: passes } },
    apply(images, context) {
      if (context.training) tf.tidy(() => passes.assign(tf.add(passes, 1) as tf.Scalar))
      return model.apply(images, context)
    },
    dispose() {
      model.dispose()
      passes.dispose()
    },
  }
}

const bits = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => tensor.dataSync().join())

test('the same batch has the same draws: at the same weights the same bits, elsewhere others', async () => {
  const before = tf.memory().numTensors
  for (const move of [0, 0.5]) {
    const losses: number[] = []
    const found: { equal: boolean; loss: number }[] = []
    const watch = (first: readonly tf.Tensor[], again: GradientsAgain) =>
      void found.push({
        equal: bits(first).join() === bits(again.gradients).join(),
        loss: again.loss.dataSync()[0]!,
      })
    const watcher: Callback = { afterBatch: ({ training, loss }) => void (training && losses.push(loss)) }
    const learner = createLearner([{ name: 'watcher', stage: 'log', callback: watcher }], {
      optimizer: createAsking(watch, move),
    })
    await fit(learner)
    disposeLearner(learner)
    expect(found.map(({ equal }) => equal)).toEqual(Array(6).fill(move === 0))
    for (const [step, { loss }] of found.entries()) expect(loss === losses[step]).toBe(move === 0)
  }
  expect(tf.memory().numTensors).toBe(before)
})

test('running statistics see a batch once, and training is that of the inner optimizer', async () => {
  const train = async (optimizer: Optimizer) => {
    const learner = createLearner([], { model: createCountingModel(), optimizer })
    const result = await fit(learner)
    const values = bits(learner.params.map(({ value }) => value))
    disposeLearner(learner)
    return { result, values }
  }
  const [asking, plain] = [await train(createAsking(() => {})), await train(createOptimizer())]
  expect(asking).toEqual(plain)
  expect(asking.values.at(-1)).toBe('6')
})

test('callbacks see the gradients of every pass, and what they change is what the optimizer gets', async () => {
  const steps: number[] = []
  const doubling: Callback = {
    afterBackward({ step, gradients }) {
      steps.push(step)
      return { gradients: gradients.map((gradient) => tf.mul(gradient, 2)) }
    },
  }
  const before = tf.memory().numTensors
  const equal: boolean[] = []
  const watch = (first: readonly tf.Tensor[], again: GradientsAgain) =>
    void equal.push(bits(first).join() === bits(again.gradients).join())
  const learner = createLearner([{ name: 'doubling', stage: 'optim', callback: doubling }], {
    epochs: 1,
    optimizer: createAsking(watch),
  })
  await fit(learner)
  disposeLearner(learner)
  expect(steps).toEqual([0, 0, 1, 1, 2, 2])
  expect(equal).toEqual([true, true, true])
  expect(tf.memory().numTensors).toBe(before)
})

test('callbacks are told how many passes a step has', async () => {
  const told: number[] = []
  const callback: Callback = { beforeFit: ({ passes }) => void told.push(passes) }
  for (const optimizer of [createAsking(() => {}), createOptimizer()]) {
    const learner = createLearner([{ name: 'x', stage: 'log', callback }], { epochs: 1, optimizer })
    await fit(learner)
    disposeLearner(learner)
  }
  expect(told).toEqual([2, 1])
})

test('a row that gathers gradients cannot ask for them again', () => {
  const model = createLinearModel()
  expect(() => createLearner([], { model, accumulate: 2, optimizer: createAsking(() => {}) })).toThrow(
    /^\[E_RECIPE\] The optimizer asks for gradients again/,
  )
  model.dispose()
})
