import { readFileSync } from 'node:fs'
import { createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import '@tricklab/testing/matchers'
import { beforeAll, describe, expect, test } from 'vitest'
import { createExponential, optim } from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/rmsprop.json', import.meta.url), 'utf8')) as {
  cases: { weightDecay: number; momentum: number; cycle: boolean; weights: Record<string, number[]> }[]
}

// As in golden/make_optim.py.
const shapes = { 'a/weight': [2, 3], 'a/bias': [4], 'norm/gamma': [1] } as const
const roles = ['weight', 'bias', 'norm'] as const
const rates = [0.01, 0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005]
const momenta = [0.95, 0.93, 0.9, 0.87, 0.85, 0.87, 0.9, 0.93, 0.95, 0.95]
const registry = createRegistry([optim])

function chirp(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase)),
    [...shape],
  )
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)(
    "ten steps end where timm's RMSpropTF ends: momentum $momentum, decay $weightDecay, cycled $cycle",
    ({ weightDecay, momentum, cycle, weights }) => {
      const { use } = registry.normalize('optimizer', { use: 'rmsprop', momentum, weightDecay } as never, 'test')
      const optimizer = registry.create('optimizer', use, {})
      const params = Object.entries(shapes).map(
        ([path, shape], index): NamedParam => ({
          path,
          role: roles[index]!,
          value: tf.tidy(() => tf.variable(chirp(shape, index))),
        }),
      )
      for (let step = 0; step < 10; step++) {
        tf.tidy(() => {
          const gradients = params.map(({ value }, index) => chirp(value.shape, 10 * (step + 1) + index))
          const hyper = { learningRate: rates[step]!, ...(cycle ? { momentum: momenta[step]! } : {}) }
          optimizer.step(params, gradients, hyper, step + 1)
        })
      }
      for (const { path, value } of params) {
        expect(value.dataSync()).toBeAllClose(Float64Array.from(weights[path]!), { rtol: 3e-6, atol: 3e-6 })
        value.dispose()
      }
      optimizer.dispose()
    },
  )
})

test.each([
  [{}, ['weight']],
  [{ decayBias: true }, ['weight', 'bias']],
  [{ decayNorm: true }, ['weight', 'norm']],
  [{ decayBias: true, decayNorm: true }, ['weight', 'bias', 'norm']],
])('%j: without a gradient only %j shrink', async (choice, decayed) => {
  await prepareEngine('cpu')
  const { use } = registry.normalize('optimizer', { use: 'rmsprop', weightDecay: 0.1, ...choice } as never, 'test')
  const optimizer = registry.create('optimizer', use, {})
  const params = roles.map((role): NamedParam => ({ path: role, role, value: tf.variable(tf.ones([2])) }))
  tf.tidy(() => {
    optimizer.step(
      params,
      params.map(() => tf.zeros([2])),
      { learningRate: 0.1 },
      1,
    )
  })
  expect(params.filter(({ value }) => value.dataSync()[0]! < 1).map(({ role }) => role)).toEqual(decayed)
  optimizer.dispose()
  tf.dispose(params.map(({ value }) => value))
})

describe('exponential', () => {
  const context = { learningRate: 0.5, stepsPerEpoch: 10 }
  const values = { decayRate: 0.97, decayEpochs: 2.4, staircase: true, warmupEpochs: 5 }

  test('rises for five epochs, then falls by 3 % every 2.4, counted from the start', () => {
    const { at } = createExponential(values, context)
    const rate = (step: number) => at(step).learningRate
    expect([rate(0), rate(25)]).toEqual([0, 0.25])
    expect(rate(49)).toBeCloseTo(0.49, 12)
    // Step 50 is past two times 24 steps.
    expect(rate(50)).toBeCloseTo(0.5 * 0.97 ** 2, 12)
    expect(rate(71)).toBe(rate(50))
    expect(rate(72)).toBeCloseTo(0.5 * 0.97 ** 3, 12)
  })

  test('is smooth without the staircase, and has no rise where none is asked for', () => {
    const { at } = createExponential({ ...values, staircase: false, warmupEpochs: 0 }, context)
    expect(at(0).learningRate).toBe(0.5)
    expect(at(1).learningRate).toBeCloseTo(0.5 * 0.97 ** (1 / 24), 12)
    expect(at(24).learningRate).toBeCloseTo(0.5 * 0.97, 12)
  })
})
