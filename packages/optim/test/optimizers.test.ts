import { readFileSync } from 'node:fs'
import { createRegistry, type NamedParam, type Optimizer } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { optim } from '../src/index.ts'

interface Case {
  optimizer: string
  options: {
    betas?: [number, number]
    eps?: number
    momentum?: number
    dampening?: number
    nesterov?: boolean
    weight_decay: number
    decay_norm_and_bias: boolean
  }
  cycle: boolean
  weights: Record<string, number[]>
  state: Record<string, number[]>
}

const golden = JSON.parse(readFileSync(new URL('./golden/optimizers.json', import.meta.url), 'utf8')) as {
  cases: Case[]
}

// As in golden/make_optim.py.
const shapes = { 'a/weight': [2, 3], 'a/bias': [4], 'norm/gamma': [1] } as const
const roles = ['weight', 'bias', 'norm'] as const
const rates = [0.01, 0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005]
const momenta = [0.95, 0.93, 0.9, 0.87, 0.85, 0.87, 0.9, 0.93, 0.95, 0.95]

const registry = createRegistry([optim])

function create(name: string, options: object = {}): Optimizer {
  return registry.create('optimizer', registry.normalize('optimizer', { use: name, ...options }, 'test').use, {})
}

function createGolden({ optimizer, options }: Case): Optimizer {
  const { betas, eps, weight_decay: weightDecay, decay_norm_and_bias: decayNormAndBias, ...rest } = options
  const adam = betas === undefined ? {} : { beta1: betas[0], beta2: betas[1], epsilon: eps }
  return create(optimizer, { ...adam, ...rest, weightDecay, decayNormAndBias })
}

function chirp(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase)),
    [...shape],
  )
}

function createParams(): NamedParam[] {
  return Object.entries(shapes).map(([path, shape], index) => ({
    path,
    role: roles[index]!,
    value: tf.tidy(() => tf.variable(chirp(shape, index))),
  }))
}

function run(optimizer: Optimizer, params: readonly NamedParam[], steps: readonly number[], cycle = false): void {
  for (const step of steps) {
    const gradients = params.map(({ value, path }) =>
      chirp(value.shape, 10 * (step + 1) + Object.keys(shapes).indexOf(path)),
    )
    const hyper = { learningRate: rates[step]!, ...(cycle ? { momentum: momenta[step]! } : {}) }
    optimizer.step(params, gradients, hyper, step + 1)
    tf.dispose(gradients)
  }
}

function read(params: readonly NamedParam[]): Record<string, number[]> {
  return Object.fromEntries(params.map(({ path, value }) => [path, Array.from(value.dataSync())]))
}

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return Math.max(...expected.map((value, index) => Math.abs(actual[index]! - value)))
}

const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

// cpu runs the composed update, wasm the engine's own where it has one.
describe.each<EngineName>(['cpu', 'wasm'])('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('$optimizer $options, cycled $cycle: ten steps as in PyTorch', (golden) => {
    const before = tf.memory().numTensors
    const params = createParams()
    const optimizer = createGolden(golden)
    run(optimizer, params, ten, golden.cycle)
    const state = optimizer.state()
    for (const { path, value } of params) {
      expect(largestDifference(value.dataSync(), golden.weights[path]!), path).toBeLessThan(1e-6)
    }
    for (const [name, values] of Object.entries(golden.state)) {
      // The velocity grows to several units, so rounding is relative to that.
      expect(largestDifference(state[name]!.dataSync(), values), name).toBeLessThan(2e-6)
    }
    optimizer.dispose()
    tf.dispose(params.map(({ value }) => value))
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each(['adamw', 'sgd'])('%s goes on from a restored state as if it had never stopped', (name) => {
    const options = name === 'sgd' ? { momentum: 0.9, dampening: 0.1 } : {}
    const whole = createParams()
    const straight = create(name, options)
    run(straight, whole, ten)

    const first = createParams()
    const interrupted = create(name, options)
    run(interrupted, first, ten.slice(0, 4))
    const resumed = create(name, options)
    resumed.restore(interrupted.state())
    // What is restored is a copy, and does not depend on the order of the parameters.
    interrupted.dispose()
    run(resumed, first.toReversed(), ten.slice(4))

    expect(read(first)).toEqual(read(whole))
    for (const optimizer of [straight, resumed]) optimizer.dispose()
    tf.dispose([...whole, ...first].map(({ value }) => value))
  })
})

describe('optimizers', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('state is named by the path of the parameter', () => {
    const params = createParams()
    const adamw = create('adamw')
    run(adamw, params, [0])
    expect(Object.keys(adamw.state())).toEqual([
      'a/weight/m',
      'a/weight/v',
      'a/bias/m',
      'a/bias/v',
      'norm/gamma/m',
      'norm/gamma/v',
    ])
    adamw.dispose()
    tf.dispose(params.map(({ value }) => value))
  })

  test('a step inside a tidy keeps its state', () => {
    const params = createParams()
    const adamw = create('adamw')
    tf.tidy(() => run(adamw, params, [0]))
    run(adamw, params, [1])
    expect(Object.values(adamw.state()).some((tensor) => tensor.isDisposed)).toBe(false)
    adamw.dispose()
    tf.dispose(params.map(({ value }) => value))
  })

  test('restoring its own state changes nothing', () => {
    const params = createParams()
    const adamw = create('adamw')
    run(adamw, params, [0, 1])
    const before = Object.values(adamw.state()).map((tensor) => Array.from(tensor.dataSync()))
    adamw.restore(adamw.state())
    expect(Object.values(adamw.state()).map((tensor) => Array.from(tensor.dataSync()))).toEqual(before)
    adamw.dispose()
    tf.dispose(params.map(({ value }) => value))
  })

  test('at learning rate 0 nothing moves', () => {
    fc.assert(
      fc.property(fc.constantFrom('adamw', 'sgd'), fc.integer({ min: 1, max: 1000 }), (name, step) => {
        const params = createParams()
        const start = read(params)
        const optimizer = create(name)
        const gradients = params.map(({ value }) => chirp(value.shape, step))
        optimizer.step(params, gradients, { learningRate: 0 }, step)
        expect(read(params)).toEqual(start)
        optimizer.dispose()
        tf.dispose([gradients, params.map(({ value }) => value)])
      }),
      { numRuns: 20 },
    )
  })

  test('the first step of AdamW is the learning rate, whatever the scale of the gradient', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.boolean(), (scale, negative) => {
        const value = tf.tidy(() => tf.variable(tf.tensor1d([1])))
        const gradient = tf.tensor1d([negative ? -scale : scale])
        const adamw = create('adamw', { weightDecay: 0 })
        adamw.step([{ path: 'w', role: 'weight', value }], [gradient], { learningRate: 0.1 }, 1)
        expect(value.dataSync()[0]).toBeCloseTo(negative ? 1.1 : 0.9, 4)
        adamw.dispose()
        tf.dispose([value, gradient])
      }),
    )
  })

  test('nesterov without momentum is refused', () => {
    expect(() => create('sgd', { nesterov: true })).toThrow(expect.objectContaining({ code: 'E_OPTION_RANGE' }))
    expect(() => create('sgd', { nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(
      expect.objectContaining({ code: 'E_OPTION_RANGE' }),
    )
  })
})
