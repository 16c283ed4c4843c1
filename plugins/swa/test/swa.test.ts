import { createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { chirp, describeOnEngines } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'
import swa from '../src/index.ts'
import golden from './golden/swa.json' with { type: 'json' }

const registry = createRegistry([swa])
const options = { start: 0.5 }

describeOnEngines('averaged weights', () => {
  test.each(golden.cases)('of $epochs epochs are as in PyTorch, buffers too', ({ epochs, weight, mean }) => {
    const before = tf.memory().numTensors
    const { use } = registry.normalize('callback', { use: 'swa', ...options }, 'test')
    const callback = registry.create('callback', use, { source: {} as never, metrics: [] })
    const params: NamedParam[] = [
      { path: 'weight', role: 'weight', value: tf.tidy(() => tf.variable(tf.zeros([6]))) },
      { path: 'mean', role: 'buffer', value: tf.tidy(() => tf.variable(tf.zeros([3]))) },
    ]
    // As many epochs before those that are averaged; a later stage of a training counts its steps on.
    const [firstStep, stepsPerEpoch] = [7, 2]
    callback.beforeFit!({ params, epochs: 2 * epochs, firstStep, stepsPerEpoch } as never)
    for (let step = 0; step < 2 * epochs * stepsPerEpoch; step++) {
      const epoch = Math.floor(step / stepsPerEpoch) + 1 - epochs
      // Within an epoch the weights are others.
      const phase = (step + 1) % stepsPerEpoch === 0 ? 10 * epoch : 3
      tf.tidy(() => {
        params[0]!.value.assign(chirp([6], phase))
        params[1]!.value.assign(chirp([3], phase + 1))
      })
      if (epoch < 1) expect(callback.evaluationWeights!()).toEqual({})
      callback.afterStep!({ step: firstStep + step, params: params.slice(0, 1) })
    }
    const found = callback.evaluationWeights!()
    expect(Object.keys(found).sort()).toEqual(['mean', 'weight'])
    expect(found.weight).toBeAllClose(weight, { atol: 1e-6 })
    expect(found.mean).toBeAllClose(mean, { atol: 1e-6 })
    callback.dispose!()
    tf.dispose(params.map(({ value }) => value))
    expect(tf.memory().numTensors).toBe(before)
  })
})
