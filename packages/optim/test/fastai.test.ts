import { readFileSync } from 'node:fs'
import { createRegistry, type NamedParam, type Schedule } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { optim } from '../src/index.ts'

interface OptimizerCase {
  options: { mom: number; sqr_mom: number; eps: number; wd: number }
  wd_bn_bias: boolean
  cycle: boolean
  weights: Record<string, number[]>
  state: Record<string, number[]>
}

interface ScheduleCase {
  use: string
  totalSteps: number
  learningRate: number
  options: Record<string, number>
  rows: [learningRate: number, momentum?: number][]
}

const golden = JSON.parse(readFileSync(new URL('./golden/fastai.json', import.meta.url), 'utf8')) as {
  optimizers: OptimizerCase[]
  schedules: ScheduleCase[]
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

function createSchedule(use: string, learningRate: number, totalSteps: number, options: object = {}): Schedule {
  const normal = registry.normalize('schedule', { use, ...options }, 'test')
  expect(normal.problems).toEqual([])
  return registry.create('schedule', normal.use, { learningRate, totalSteps, stepsPerEpoch: totalSteps })
}

describe("fastai's Adam", () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test.each(golden.optimizers)('$options, decay of norms and biases $wd_bn_bias: ten steps', (golden) => {
    const { mom: beta1, sqr_mom: beta2, eps: epsilon, wd: weightDecay } = golden.options
    const options = { beta1, beta2, epsilon, weightDecay, decayNormAndBias: golden.wd_bn_bias }
    const optimizer = registry.create(
      'optimizer',
      registry.normalize('optimizer', { use: 'adam', ...options } as { use: string }, 'test').use,
      {},
    )
    const params = Object.entries(shapes).map(
      ([path, shape], index): NamedParam => ({
        path,
        role: roles[index]!,
        value: tf.tidy(() => tf.variable(chirp(shape, index))),
      }),
    )
    for (const [step, learningRate] of rates.entries()) {
      const gradients = params.map(({ value }, index) => chirp(value.shape, 10 * (step + 1) + index))
      const hyper = { learningRate, ...(golden.cycle ? { momentum: momenta[step]! } : {}) }
      optimizer.step(params, gradients, hyper, step + 1)
      tf.dispose(gradients)
    }
    for (const { path, value } of params) expectClose(path, value.dataSync(), golden.weights[path]!)
    for (const [name, values] of Object.entries(golden.state)) {
      expectClose(name, optimizer.state()[name]!.dataSync(), values)
    }
    optimizer.dispose()
    tf.dispose(params.map(({ value }) => value))
  })

  test("has fastai's defaults", () => {
    expect(registry.normalize('optimizer', 'adam', 'test').use).toMatchObject({
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-5,
      weightDecay: 0.01,
      decayNormAndBias: false,
    })
  })
})

function expectClose(what: string, actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index]! - value), `${what}[${index}]`).toBeLessThan(1e-6)
  }
}

describe("fastai's schedules", () => {
  test.each(golden.schedules)('$use $options at each of $totalSteps steps', (golden) => {
    const schedule = createSchedule(golden.use, golden.learningRate, golden.totalSteps, golden.options)
    for (const [step, [learningRate, momentum]] of golden.rows.entries()) {
      const hyper = schedule.at(step)
      expect(Math.abs(hyper.learningRate - learningRate) / golden.learningRate, `rate ${step}`).toBeLessThan(1e-12)
      if (momentum === undefined) expect(hyper.momentum).toBeUndefined()
      else expect(Math.abs(hyper.momentum! - momentum), `momentum ${step}`).toBeLessThan(1e-12)
    }
  })

  // facts: batches an epoch with the last one dropped, and where 5, 20, 80 and 200 epochs begin to anneal.
  test.each([
    ['imagewoof v1', 194, [698, 2793, 11174, 27936]],
    ['imagenette v1', 201, [723, 2894, 11577, 28944]],
    ['imagewoof2', 141, [507, 2030, 8121, 20304]],
    ['imagewoof2, batches of 32', 282, [1015, 4060, 16243, 40608]],
    ['imagewoof2, batches of 16', 564, [2030, 8121, 32486, 81216]],
    ['imagenette2', 147, [529, 2116, 8467, 21168]],
  ])('flat and anneal turns where the sources do: %s', (_data, stepsPerEpoch, turns) => {
    for (const [index, epochs] of [5, 20, 80, 200].entries()) {
      const options = { pctStart: 0.72, toZero: true, wholeSteps: true }
      const schedule = createSchedule('flat-cosine', 4e-3, stepsPerEpoch * epochs, options)
      const turn = turns[index]!
      expect(schedule.at(turn).learningRate).toBe(4e-3)
      expect(schedule.at(turn + 1).learningRate).toBeLessThan(4e-3)
      // The position is the number of the batch in the fall over the length of the fall.
      const done = 1 / (stepsPerEpoch * epochs - turn)
      expect(schedule.at(turn + 1).learningRate).toBeCloseTo(2e-3 * (1 + Math.cos(Math.PI * done)), 14)
    }
  })

  test('flat-cosine is continuous at the switch, flat before it and never rises', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.boolean(),
        fc.boolean(),
        (totalSteps, pctStart, toZero, wholeSteps) => {
          const schedule = createSchedule('flat-cosine', 1, totalSteps, { pctStart, toZero, wholeSteps })
          const at = (step: number) => schedule.at(step).learningRate
          expect(at(0)).toBe(1)
          const turn = wholeSteps ? Math.floor(pctStart * totalSteps) : pctStart * totalSteps
          for (let step = 1; step < totalSteps; step++) {
            if (step <= turn) expect(at(step)).toBe(1)
            expect(at(step)).toBeLessThanOrEqual(at(step - 1))
          }
          expect(at(turn + 1e-9)).toBeCloseTo(1, 12)
          expect(at(totalSteps)).toBeCloseTo(toZero ? 0 : 1e-5, 15)
        },
      ),
    )
  })

  test('fit-one-cycle meets its peak and stays between its ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (totalSteps, pctStart) => {
          const schedule = createSchedule('fit-one-cycle', 1, totalSteps, { pctStart })
          expect(schedule.at(0)).toEqual({ learningRate: expect.closeTo(0.04, 14), momentum: expect.closeTo(0.95, 14) })
          const peak = schedule.at(pctStart * totalSteps)
          expect(peak.learningRate).toBeCloseTo(1, 12)
          expect(peak.momentum).toBeCloseTo(0.85, 12)
          for (let step = 0; step < totalSteps; step++) {
            const { learningRate, momentum } = schedule.at(step)
            expect(learningRate).toBeGreaterThanOrEqual(1e-5 * (1 - 1e-9))
            expect(learningRate).toBeLessThanOrEqual(1)
            expect(momentum).toBeGreaterThanOrEqual(0.85 - 1e-12)
            expect(momentum).toBeLessThanOrEqual(0.95 + 1e-12)
          }
        },
      ),
    )
  })

  test.each([
    ['fit-one-cycle', [0.9]],
    ['flat-cosine', [0.9, 0.8, 0.9]],
  ])('%s refuses momenta of another number', (use, momenta) => {
    expect(() => createSchedule(use, 1, 9, { momenta })).toThrow('[E_OPTION_RANGE]')
  })
})
