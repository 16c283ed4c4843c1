import { readFileSync } from 'node:fs'
import { type Callback, createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines } from '@tricklab/testing'
import { expect, test } from 'vitest'
import { decayAt } from '../src/average.ts'
import ema from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/ema.json', import.meta.url), 'utf8')) as {
  steps: number
  rate: number
  cases: { decay: number; weight: number[]; mean: number[] }[]
}

function create(options: object): Callback {
  const registry = createRegistry([ema])
  const { use } = registry.normalize('callback', { use: 'ema', ...options }, 'test')
  return registry.create('callback', use, { source: {} as never, metrics: [] })
}

// As in golden/make_ema.py.
const chirp = (size: number, phase: number) =>
  tf.tensor1d(Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase)))

describeOnEngines('averaged weights', () => {
  test.each(golden.cases)('of decay $decay are as in PyTorch, buffers too', ({ decay, weight, mean }) => {
    const before = tf.memory().numTensors
    const params: NamedParam[] = [
      { path: 'weight', role: 'weight', value: tf.tidy(() => tf.variable(chirp(6, 0))) },
      { path: 'mean', role: 'buffer', value: tf.tidy(() => tf.variable(chirp(3, 1))) },
    ]
    const callback = create({ decay })
    callback.beforeFit!({ params } as never)
    for (let step = 0; step < golden.steps; step++) {
      tf.tidy(() => {
        params[0]!.value.assign(tf.sub(params[0]!.value, tf.mul(chirp(6, 10 * (step + 1)), golden.rate)))
        params[1]!.value.assign(chirp(3, 10 * (step + 1) + 1))
      })
      // Only parameters with a gradient are told.
      callback.afterStep!({ step, params: params.slice(0, 1) })
    }
    const found = callback.evaluationWeights!()
    for (const [path, values] of Object.entries({ weight, mean })) {
      const data = found[path]!.dataSync()
      for (const [index, value] of values.entries()) expect(Math.abs(data[index]! - value)).toBeLessThan(1e-6)
    }
    callback.dispose!()
    tf.dispose(params.map(({ value }) => value))
    expect(tf.memory().numTensors).toBe(before)
  })
})

test('a warmed-up decay begins at 1/10 and ends at the given one', () => {
  const at = (update: number) => decayAt(update, { decay: 0.99, warmup: true })
  expect([0, 1, 10, 889, 890, 5000].map(at)).toEqual([0.1, 2 / 11, 0.55, 890 / 899, 0.99, 0.99])
  expect(decayAt(0, { decay: 0.99, warmup: false })).toBe(0.99)
})
