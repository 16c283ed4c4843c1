import { readFileSync } from 'node:fs'
import { createRegistry, createRng, type NamedParam, type Optimizer } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import ranger from '../src/index.ts'
import { rectify } from '../src/rectify.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/ranger.json', import.meta.url), 'utf8')) as {
  rates: number[]
  momenta: number[]
  cases: {
    options: object
    cycle: boolean
    firstRectified: number
    weights: Record<string, number[]>
    state: Record<string, number[]>
  }[]
}

const fastai = JSON.parse(readFileSync(new URL('./golden/fastai.json', import.meta.url), 'utf8')) as {
  cases: { options: object; weights: Record<string, number[]> }[]
}

const registry = createRegistry([ranger])

function create(options: object = {}): Optimizer {
  return registry.create('optimizer', registry.normalize('optimizer', { use: 'ranger', ...options }, 'test').use, {})
}

// As in golden/make_ranger.py.
const shapes = { 'a/weight': [2, 3], 'b/weight': [2, 2, 1, 2], 'a/bias': [4], 'norm/gamma': [1] } as const
const paths = Object.keys(shapes) as (keyof typeof shapes)[]
const roles = ['weight', 'weight', 'bias', 'norm'] as const

function chirp(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1)
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))
  return tf.tensor(values, [...shape])
}

const phaseOf = (path: string, step: number) => 10 * (step + 1) + paths.indexOf(path as keyof typeof shapes)

function createParams(): NamedParam[] {
  return paths.map((path, index) => ({
    path,
    role: roles[index]!,
    value: tf.tidy(() => tf.variable(chirp(shapes[path], index))),
  }))
}

const disposeParams = (params: readonly NamedParam[]) => tf.dispose(params.map(({ value }) => value))
const twenty = [...Array(20).keys()]

type Gradient = (param: NamedParam, step: number) => tf.Tensor

interface RunOptions {
  readonly steps?: readonly number[]
  readonly cycle?: boolean
  readonly rate?: (step: number) => number
  readonly gradient?: Gradient
}

function run(
  optimizer: Optimizer,
  params: readonly NamedParam[],
  {
    steps = twenty,
    cycle = false,
    rate = (step) => golden.rates[step % 20]!,
    gradient = ({ path, value }, step) => chirp(value.shape, phaseOf(path, step)),
  }: RunOptions = {},
): void {
  for (const step of steps) {
    const gradients = params.map((param) => gradient(param, step))
    const momentum = cycle ? { momentum: golden.momenta[step % 20]! } : {}
    optimizer.step(params, gradients, { learningRate: rate(step), ...momentum }, step + 1)
    tf.dispose(gradients)
  }
}

const read = (params: readonly NamedParam[]) =>
  Object.fromEntries(params.map(({ path, value }) => [path, Array.from(value.dataSync())]))

/** Weights after the steps, with fresh parameters. */
function trained(options: object, settings: RunOptions = {}): Record<string, number[]> {
  const params = createParams()
  const optimizer = create(options)
  run(optimizer, params, settings)
  const result = read(params)
  optimizer.dispose()
  disposeParams(params)
  return result
}

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return Math.max(...expected.map((value, index) => Math.abs(actual[index]! - value)))
}

/** Every value within the distance, which is absolute: weights are about 1. */
function expectClose(actual: Record<string, number[]>, expected: Record<string, number[]>, within: number): void {
  for (const path of paths) expect(largestDifference(actual[path]!, expected[path]!), path).toBeLessThan(within)
}

/** Random gradients, the same for the same seed. */
const random =
  (seed: number): Gradient =>
  ({ path, value }, step) => {
    const stream = createRng(seed).at(path, step)
    return tf.tensor(
      Float32Array.from({ length: value.size }, () => stream.normal()),
      value.shape,
    )
  }

// cpu runs the composed update, wasm the engine's own where it has one.
describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('$options, cycled $cycle: twenty steps as in the float64 loop', (golden) => {
    const before = tf.memory().numTensors
    const params = createParams()
    const optimizer = create(golden.options)
    run(optimizer, params, { cycle: golden.cycle })
    expectClose(read(params), golden.weights, 1e-6)
    const state = optimizer.state()
    expect(Object.keys(state).toSorted()).toEqual(Object.keys(golden.state).toSorted())
    for (const [name, values] of Object.entries(golden.state)) {
      expect(largestDifference(state[name]!.dataSync(), values), name).toBeLessThan(1e-6)
    }
    optimizer.dispose()
    disposeParams(params)
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each(fastai.cases)(
    '$options in the form of fastai 2: twenty steps as fastai takes them',
    ({ options, weights }) => {
      expectClose(trained({ ...options, form: 'fastai-2' }), weights, 1e-6)
    },
  )

  test('the form of fastai 2 is another optimizer where weights decay', () => {
    const { options, weights } = fastai.cases[1]!
    expect(() => expectClose(trained(options), weights, 1e-3)).toThrow()
  })

  test('goes on from a restored state as if it had never stopped, wherever that was', () => {
    const whole = trained({ k: 3 })
    for (const stop of [1, 2, 3, 5, 6, 13]) {
      const params = createParams()
      const interrupted = create({ k: 3 })
      run(interrupted, params, { steps: twenty.slice(0, stop) })
      const resumed = create({ k: 3 })
      resumed.restore(interrupted.state())
      interrupted.dispose()
      // What is restored is a copy, and does not depend on the order of the parameters.
      run(resumed, params.toReversed(), { steps: twenty.slice(stop) })
      expect(read(params)).toEqual(whole)
      resumed.dispose()
      disposeParams(params)
    }
  })
})

describe('ranger', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  const settings = fc.record({
    beta1: fc.double({ min: 0, max: 0.99, noNaN: true }),
    beta2: fc.double({ min: 0.5, max: 0.999, noNaN: true }),
    epsilon: fc.double({ min: 1e-6, max: 1e-2, noNaN: true }),
    weightDecay: fc.double({ min: 0, max: 1, noNaN: true }),
    decayNormAndBias: fc.boolean(),
  })

  test('with alpha 1 is the inner optimizer, and so it is with k above the number of steps', () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 9 }), seeds, (options, k, seed) => {
        const inner = trained({ ...options, k: 1_000_000 }, { gradient: random(seed) })
        expectClose(trained({ ...options, k, alpha: 1 }, { gradient: random(seed) }), inner, 5e-6)
        expect(trained({ ...options, k: 21 }, { gradient: random(seed) })).toEqual(inner)
      }),
      { numRuns: 15 },
    )
  })

  test('is between its start and the inner optimizer after k steps, alpha of the way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        seeds,
        (k, alpha, seed) => {
          const steps = twenty.slice(0, k)
          const inner = trained({ k: 1_000_000 }, { steps, gradient: random(seed) })
          const found = trained({ k, alpha }, { steps, gradient: random(seed) })
          const params = createParams()
          for (const [path, start] of Object.entries(read(params))) {
            const keep = 1 - (path.endsWith('weight') ? 0.01 * golden.rates[0]! : 0)
            for (const [index, value] of found[path]!.entries()) {
              const slow = start[index]! * keep
              expect(value).toBeCloseTo(slow + alpha * (inner[path]![index]! - slow), 5)
            }
          }
          disposeParams(params)
        },
      ),
      { numRuns: 20 },
    )
  })

  test('takes back, at every k-th step, the weights that it keeps as the slow ones', () => {
    const params = createParams()
    const optimizer = create({ k: 4 })
    for (const step of twenty) {
      run(optimizer, params, { steps: [step] })
      const same = params.every(({ path, value }) => {
        const slow = optimizer.state()[`${path}/slow`]!.dataSync()
        return value.dataSync().every((entry, index) => entry === slow[index])
      })
      expect(same).toBe((step + 1) % 4 === 0)
    }
    optimizer.dispose()
    disposeParams(params)
  })

  test('without a gradient only decay moves weights', () => {
    const none: Gradient = ({ value }) => tf.zeros(value.shape)
    fc.assert(
      fc.property(settings, (options) => {
        const start = trained(options, { steps: [] })
        const found = trained({ ...options, k: 1_000_000 }, { gradient: none })
        const looking = trained({ ...options, k: 6 }, { gradient: none })
        for (const [index, path] of paths.entries()) {
          const decays = roles[index] === 'weight' || options.decayNormAndBias
          const rate = decays ? options.weightDecay : 0
          const shrunk = golden.rates.reduce((product, lr) => product * (1 - lr * rate), 1)
          for (const [at, value] of start[path]!.entries()) {
            expect(found[path]![at]).toBeCloseTo(value * shrunk, 5)
            // Towards 0, and never as far as without lookahead.
            expect(Math.abs(looking[path]![at]!)).toBeLessThanOrEqual(Math.abs(value))
            expect(Math.abs(looking[path]![at]!)).toBeGreaterThanOrEqual(Math.abs(value) * shrunk - 1e-6)
          }
          if (rate === 0) expect([found[path], looking[path]]).toEqual([start[path], start[path]])
        }
      }),
      { numRuns: 20 },
    )
  })

  test('centralised gradients move the weights of an output by 0 in sum; vectors are not centralised', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        // Steps that are not rectified are linear in the gradient.
        const options = { gradientCentralisation: true, weightDecay: 0 }
        const steps = twenty.slice(0, 5)
        const before = trained(options, { steps: [] })
        const after = trained(options, { steps, gradient: random(seed) })
        for (const path of ['a/weight', 'b/weight'] as const) {
          const outputs = shapes[path].at(-1)!
          const moved = Array(outputs).fill(0) as number[]
          for (const [index, value] of after[path]!.entries()) moved[index % outputs]! += value - before[path]![index]!
          for (const sum of moved) expect(sum).toBeCloseTo(0, 5)
        }
        const plain = trained({ weightDecay: 0 }, { steps, gradient: random(seed) })
        for (const path of ['a/bias', 'norm/gamma'] as const) expect(after[path]).toEqual(plain[path])
      }),
      { numRuns: 20 },
    )
  })

  test('takes rectified steps that do not depend on the scale of the gradient', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), seeds, (scale, seed) => {
        // Weights stand still until the first rectified step, so that it is not lost in their rounding.
        const rate = (step: number) => (step < 5 ? 0 : 0.1)
        const move = (factor: number) =>
          trained(
            { epsilon: 1e-12, weightDecay: 0 },
            {
              ...{ steps: twenty.slice(0, 6), rate },
              gradient: (param, step) => tf.tidy(() => tf.mul(random(seed)(param, step), factor)),
            },
          )
        expectClose(move(scale), move(1), 1e-6)
      }),
      { numRuns: 20 },
    )
  })

  test('runs one kernel a step for all parameters', () => {
    const params = createParams()
    const optimizer = create()
    run(optimizer, params, { steps: [0] })
    const gradients = params.map(({ value }) => tf.ones(value.shape))
    const { runKernel } = tf.engine()
    const names: string[] = []
    let depth = 0
    const spy = vi.spyOn(tf.engine(), 'runKernel').mockImplementation((name, inputs, attrs) => {
      if (depth === 0) names.push(name)
      depth++
      try {
        return runKernel.call(tf.engine(), name, inputs, attrs) as never
      } finally {
        depth--
      }
    })
    for (const step of [2, 3, 4, 5, 6, 7]) optimizer.step(params, gradients, { learningRate: 0.1 }, step)
    spy.mockRestore()
    expect(names).toEqual(Array(6).fill('RangerUpdate'))
    optimizer.dispose()
    tf.dispose(gradients)
    disposeParams(params)
  })
})

describe('rectification', () => {
  const factorOf = (step: number, beta2: number, rectifyAbove = 5) =>
    rectify(step, { beta1: 0.95, beta2, rectifyAbove })

  test.each([0.99, 0.999])('for beta2 %d begins at step 6', (beta2) => {
    const found = [1, 2, 3, 4, 5, 6, 7, 100, 10_000].map((step) => factorOf(step, beta2).rectified)
    expect(found).toEqual([false, false, false, false, false, true, true, true, true])
    for (const { options, firstRectified } of golden.cases) expect(firstRectified, JSON.stringify(options)).toBe(6)
  })

  test('never begins where the mean square is too short, and leaves a bias-corrected mean', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.66, noNaN: true }),
        fc.integer({ min: 1, max: 100_000 }),
        (beta2, step) => {
          expect(factorOf(step, beta2)).toEqual({ rectified: false, factor: 1 / (1 - 0.95 ** step) })
        },
      ),
    )
  })

  test('grows with the steps towards 1, and is finite and above 0 before', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.7, max: 0.9999, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        (beta2, step) => {
          // Without β1 the factor is r · √(1 − β2^t).
          const at = (t: number) => rectify(t, { beta1: 0, beta2, rectifyAbove: 4 })
          const [now, next] = [at(step), at(step + 1)]
          expect(now.factor).toBeGreaterThan(0)
          expect(now.factor).toBeLessThanOrEqual(1 + 1e-12)
          if (now.rectified) expect(next.factor).toBeGreaterThanOrEqual(now.factor - 1e-12)
          expect(at(10_000_000).factor).toBeCloseTo(1, 6)
        },
      ),
    )
  })
})
