import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { beforeAll, expect, test } from 'vitest'
import { overrideGradients } from './gradients.ts'
import { prepareWasm } from './wasm/index.ts'
import { createRandom } from './wasm/test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
  overrideGradients()
})

const random = createRandom(3)

/** A scalar function with its reference in float64 over plain arrays: finite differences need the digits. */
interface Case {
  name: string
  shape: number[]
  f: (x: tf.Tensor) => tf.Tensor
  /** The exact gradient of Σ weights·f(x), from the definition. */
  exact: (weights: number[], x: number[]) => number[]
}

const cases: Case[] = [
  {
    name: 'sum of the middle axis',
    shape: [2, 3, 4],
    f: (x) => tf.sum(x, 1),
    exact: (w, x) => x.map((_, i) => w[Math.floor(i / 12) * 4 + (i % 4)]!),
  },
  { name: 'sum of everything', shape: [2, 3], f: (x) => tf.sum(x), exact: (w, x) => x.map(() => w[0]!) },
  { name: 'sum of a scalar', shape: [], f: (x) => tf.sum(x), exact: (w) => [w[0]!] },
  {
    name: 'sum of outer axes, kept',
    shape: [2, 3, 4],
    f: (x) => tf.sum(x, [0, 2], true),
    exact: (w, x) => x.map((_, i) => w[Math.floor(i / 4) % 3]!),
  },
  {
    name: 'mean of the last axis',
    shape: [3, 5],
    f: (x) => tf.mean(x, -1),
    exact: (w, x) => x.map((_, i) => w[Math.floor(i / 5)]! / 5),
  },
  {
    name: 'global average pool',
    shape: [2, 2, 3, 2],
    f: (x) => tf.mean(x, [1, 2]),
    exact: (w, x) => x.map((_, i) => w[Math.floor(i / 12) * 2 + (i % 2)]! / 6),
  },
  {
    name: 'tile of both axes',
    shape: [2, 3],
    f: (x) => tf.tile(x, [2, 4]),
    exact: (w, x) =>
      x.map((_, i) => w.reduce((sum, v, k) => ((Math.floor(k / 12) % 2) * 3 + (k % 3) === i ? sum + v : sum), 0)),
  },
  { name: 'tile of nothing', shape: [3], f: (x) => tf.tile(x, [1]), exact: (w) => w },
  { name: 'relu', shape: [11], f: (x) => tf.relu(x), exact: (w, x) => x.map((v, i) => (v > 0 ? w[i]! : 0)) },
]

test.each(cases)('$name', async ({ shape, f, exact }) => {
  const size = tf.util.sizeFromShape(shape)
  const values = Array.from({ length: size }, () => Math.fround(random() * 2 - 1))
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend)
    const before = tf.memory().numTensors
    const x = tf.tensor(values, shape)
    const outShape = tf.tidy(() => f(x).shape)
    const weights = Array.from({ length: tf.util.sizeFromShape(outShape) }, () => Math.fround(random() * 2 - 1))
    const gradient = tf.tidy(() =>
      tf
        .grad((v) => f(v))(x, tf.tensor(weights, outShape))
        .dataSync(),
    )
    x.dispose()
    expect(tf.memory().numTensors).toBe(before)
    const expected = exact(weights, values)
    expect(gradient.length).toBe(size)
    for (const [i, value] of gradient.entries()) expect(value).toBeCloseTo(expected[i]!, 5)
  }
})

test('the exact gradients of the cases above agree with finite differences', async () => {
  await tf.setBackend('cpu')
  for (const { name, shape, f, exact } of cases) {
    const size = tf.util.sizeFromShape(shape)
    const values = Array.from({ length: size }, () => random() * 2 - 1)
    const y = (input: number[]) => tf.tidy(() => [...f(tf.tensor(input, shape)).dataSync()])
    const weights = y(values).map(() => random() * 2 - 1)
    const expected = exact(weights, values)
    for (let i = 0; i < size; i++) {
      // All cases are piecewise linear, so a wide step costs no accuracy and keeps float32's noise small.
      const h = Math.abs(values[i]!) / 2
      const at = (sign: number) => y(values.map((v, k) => (k === i ? v + sign * h : v)))
      const [up, down] = [at(1), at(-1)]
      const slope = weights.reduce((sum, w, k) => sum + (w * (up[k]! - down[k]!)) / (2 * h), 0)
      expect(Math.abs(slope - expected[i]!), name).toBeLessThan(1e-5 / h + 1e-6)
    }
  }
})
