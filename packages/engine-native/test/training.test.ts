import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { nativeIsThere, randomValues, relativeError, type Values } from './compare.ts'

/** Uniform values in [shift − scale, shift + scale). */
function values(shape: number[], scale = 1, shift = 0): Values {
  return { shape, data: randomValues(shape).data.map((v) => v * scale + shift) }
}

/** Runs a kernel of several outputs twice, expects the same bits, and gives the first run's outputs. */
async function run(name: string, inputs: Record<string, Values>, attrs: object): Promise<Values[]> {
  await tf.setBackend('native')
  const once = () => {
    const before = tf.memory()
    const outputs = tf.tidy(() => {
      const tensors = Object.fromEntries(Object.entries(inputs).map(([key, v]) => [key, tf.tensor(v.data, v.shape)]))
      const raw = tf.engine().runKernel(name, tensors, attrs as never) as unknown as tf.Tensor | tf.Tensor[]
      return [raw].flat().map((o) => ({ shape: o.shape, data: o.dataSync() as Float32Array }))
    })
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers])
    return outputs
  }
  const first = once()
  expect(once()).toEqual(first)
  return first
}

async function expectLike(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  expected: { shape: number[]; data: number[] }[],
  tolerance = 2e-6,
): Promise<void> {
  const outputs = await run(name, inputs, attrs)
  expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  for (const [i, { data }] of expected.entries()) {
    expect(relativeError(outputs[i]!.data, data), `${name}, output ${i}`).toBeLessThan(tolerance)
  }
}

const softTanh = (v: number) => Math.tanh(Math.log1p(Math.exp(v)))

/** In float64. */
const activations = {
  linear: { value: (v: number) => v, slope: () => 1 },
  relu: { value: (v: number) => Math.max(v, 0), slope: (v: number) => (v > 0 ? 1 : 0) },
  mish: {
    value: (v: number) => v * softTanh(v),
    slope: (v: number) => softTanh(v) + (v * (1 - softTanh(v) ** 2)) / (1 + Math.exp(-v)),
  },
} as const
type Activation = keyof typeof activations

/** Batch norm and its gradient in float64, written from the formulas. */
function batchNorm(x: Values, gamma: Values, beta: Values, dy: Values, epsilon: number, activation: Activation) {
  const channels = gamma.data.length
  const rows = x.data.length / channels
  const zeros = () => new Array<number>(channels).fill(0)
  const [mean, variance, dgamma, dbeta] = [zeros(), zeros(), zeros(), zeros()]
  for (let i = 0; i < x.data.length; i++) mean[i % channels]! += x.data[i]! / rows
  for (let i = 0; i < x.data.length; i++) variance[i % channels]! += (x.data[i]! - mean[i % channels]!) ** 2 / rows
  const hat = Array.from(x.data, (v, i) => (v - mean[i % channels]!) / Math.sqrt(variance[i % channels]! + epsilon))
  const linear = hat.map((v, i) => v * gamma.data[i % channels]! + beta.data[i % channels]!)
  const { value, slope } = activations[activation]
  const y = linear.map(value)
  const g = Array.from(dy.data, (v, i) => v * slope(linear[i]!))
  for (let i = 0; i < g.length; i++) {
    dbeta[i % channels]! += g[i]!
    dgamma[i % channels]! += g[i]! * hat[i]!
  }
  const dx = g.map((v, i) => {
    const c = i % channels
    const inner = v - dbeta[c]! / rows - (hat[i]! * dgamma[c]!) / rows
    return (gamma.data[c]! / Math.sqrt(variance[c]! + epsilon)) * inner
  })
  return { mean, variance, y, dx, dgamma, dbeta }
}

describe.runIf(nativeIsThere())('native training kernels', () => {
  test.each([
    { shape: [2, 3, 3, 8], shift: 0 },
    { shape: [5, 7, 3, 10], shift: 0.5 },
    { shape: [1, 2, 3, 1], shift: -1 },
    { shape: [130, 1, 1, 3], shift: 0 },
    { shape: [65, 13], shift: 30 },
    { shape: [40, 4, 4, 16], shift: -100 },
    { shape: [9, 30, 31, 5], shift: 0 },
    { shape: [70, 300], shift: 0 },
  ])('batch norm over %j', async ({ shape, shift }) => {
    const channels = shape.at(-1)!
    const [x, dy] = [values(shape, 1, shift), values(shape)]
    const [gamma, beta] = [values([channels], 0.5, 1), values([channels])]
    const epsilon = 1e-5
    // Rounding the mean to float32 moves every centred value by up to |shift|·2⁻²⁴.
    const tolerance = 4e-6 + Math.abs(shift) * 2e-7
    for (const activation of ['linear', 'relu', 'mish'] as const) {
      const reference = batchNorm(x, gamma, beta, dy, epsilon, activation)
      const statistics = [...reference.mean, ...reference.variance]
      const stats = { shape: [2, channels], data: Float32Array.from(statistics) }
      const attrs = { epsilon, activation }
      const y = { shape, data: reference.y }
      await expectLike('BatchNormTrain', { x, gamma, beta }, attrs, [y, { ...stats, data: statistics }], tolerance)
      const gradients = [
        { shape, data: reference.dx },
        { shape: [channels], data: reference.dgamma },
        { shape: [channels], data: reference.dbeta },
      ]
      await expectLike('BatchNormTrainGrad', { dy, x, gamma, beta, stats }, attrs, gradients, tolerance)
      const mean = { shape: [channels], data: stats.data.slice(0, channels) }
      const variance = { shape: [channels], data: stats.data.slice(channels) }
      await expectLike('BatchNormEval', { x, gamma, beta, mean, variance }, attrs, [y], tolerance)
      if (activation !== 'linear') continue
      const stock = { x, scale: gamma, offset: beta, mean, variance }
      await expectLike('FusedBatchNorm', stock, { varianceEpsilon: epsilon }, [y], tolerance)
    }
  })

  test.each([
    { shape: [2, 3, 3, 8], shift: 0 },
    { shape: [5, 7, 40], shift: 0.5 },
    { shape: [1, 3, 5], shift: -1 },
    { shape: [65, 13], shift: 30 },
    { shape: [900, 100], shift: -10 },
    { shape: [3, 2, 2, 777], shift: 0 },
  ])('layer norm over %j', async ({ shape, shift }) => {
    const channels = shape.at(-1)!
    const [x, dy] = [values(shape, 1, shift), values(shape)]
    const [gamma, beta] = [values([channels], 0.5, 1), values([channels])]
    const epsilon = 1e-5
    const rows = x.data.length / channels
    const [mean, inverse, y, dx] = [rows, rows, x.data.length, x.data.length].map((n) => new Array<number>(n).fill(0))
    const [dgamma, dbeta] = [0, 0].map(() => new Array<number>(channels).fill(0))
    for (let r = 0; r < rows; r++) {
      const indices = Array.from({ length: channels }, (_, c) => r * channels + c)
      const average = (of: (index: number) => number) => indices.reduce((sum, i) => sum + of(i), 0) / channels
      mean![r] = average((i) => x.data[i]!)
      inverse![r] = 1 / Math.sqrt(average((i) => (x.data[i]! - mean![r]!) ** 2) + epsilon)
      const normal = (i: number) => (x.data[i]! - mean![r]!) * inverse![r]!
      const slope = (i: number) => dy.data[i]! * gamma.data[i % channels]!
      const [level, tilt] = [average(slope), average((i) => slope(i) * normal(i))]
      for (const i of indices) {
        y![i] = normal(i) * gamma.data[i % channels]! + beta.data[i % channels]!
        dx![i] = (slope(i) - level - normal(i) * tilt) * inverse![r]!
        dgamma![i % channels]! += dy.data[i]! * normal(i)
        dbeta![i % channels]! += dy.data[i]!
      }
    }
    const tolerance = 8e-6 + Math.abs(shift) * 4e-7
    const edge = [...shape.slice(0, -1), 1]
    const outputs = [
      { shape, data: y! },
      { shape: edge, data: mean! },
      { shape: edge, data: inverse! },
    ]
    await expectLike('LayerNorm', { x, gamma, beta }, { epsilon }, outputs, tolerance)
    const stats = {
      mean: { shape: edge, data: Float32Array.from(mean!) },
      inverse: { shape: edge, data: Float32Array.from(inverse!) },
    }
    const gradients = [
      { shape, data: dx! },
      { shape: [channels], data: dgamma! },
      { shape: [channels], data: dbeta! },
    ]
    await expectLike('LayerNormGrad', { dy, x, gamma, ...stats }, {}, gradients, tolerance)
  })

  test('batch statistics of 401 408 rows hold to 1e-6 of the deviation', async () => {
    const x = values([128, 56, 56, 4], 1, 3)
    const one = { shape: [4], data: new Float32Array(4).fill(1) }
    await tf.setBackend('native')
    const stats = tf.tidy(() => {
      const [input, gamma] = [tf.tensor(x.data, x.shape), tf.tensor(one.data)]
      const attrs = { epsilon: 0, activation: 'linear' }
      const outputs = tf.engine().runKernel('BatchNormTrain', { x: input, gamma, beta: gamma }, attrs) as unknown
      return (outputs as tf.Tensor[])[1]!.dataSync()
    })
    const rows = x.data.length / 4
    for (let c = 0; c < 4; c++) {
      let mean = 0
      for (let i = c; i < x.data.length; i += 4) mean += x.data[i]! / rows
      let variance = 0
      for (let i = c; i < x.data.length; i += 4) variance += (x.data[i]! - mean) ** 2 / rows
      expect(Math.abs(stats[c]! - mean)).toBeLessThan(1e-6)
      expect(Math.abs(stats[4 + c]! / variance - 1)).toBeLessThan(1e-6)
    }
  })

  test('a NaN stays in its channel', async () => {
    const x = values([40, 3])
    x.data[4] = Number.NaN
    const one = { shape: [3], data: new Float32Array(3).fill(1) }
    for (const activation of ['linear', 'relu', 'mish']) {
      const [y] = await run('BatchNormTrain', { x, gamma: one, beta: one }, { epsilon: 1e-5, activation })
      expect(Array.from({ length: 6 }, (_, i) => Number.isNaN(y!.data[i]!))).toEqual([0, 1, 0, 0, 1, 0].map(Boolean))
    }
  })

  test('running statistics', async () => {
    const [stats, mean, variance] = [values([2, 5]), values([5]), values([5], 0.5, 1)]
    const blend = (old: Values, offset: number, weight: number) => ({
      shape: [5],
      data: Array.from(old.data, (v, c) => 0.9 * v + weight * stats.data[offset + c]!),
    })
    const attrs = { momentum: 0.1, correction: 1.25 }
    await expectLike('BatchNormRunning', { stats, mean, variance }, attrs, [
      blend(mean, 0, 0.1),
      blend(variance, 5, 0.125),
    ])
  })

  test('AdamW over parameters of many sizes, third step', async () => {
    const sizes = [[5], [2, 3, 3], [1], [130, 200], [0], [7]]
    const inputs: Record<string, Values> = {}
    for (const [i, shape] of sizes.entries()) {
      inputs[`p${i}`] = values(shape)
      inputs[`m${i}`] = values(shape, 0.1)
      inputs[`v${i}`] = values(shape, 0.1, 0.1)
      inputs[`g${i}`] = values(shape)
    }
    const decays = [0.1, 0, 0.3, 0.01, 0, 0]
    const attrs = { learningRate: 0.03, beta1: 0.9, beta2: 0.99, epsilon: 1e-5, step: 3, weightDecays: decays }
    const expected = sizes.flatMap((shape, i) => {
      const { data: p } = inputs[`p${i}`]!
      const g = inputs[`g${i}`]!.data
      const m = Array.from(inputs[`m${i}`]!.data, (v, k) => 0.9 * v + (1 - 0.9) * g[k]!)
      const v = Array.from(inputs[`v${i}`]!.data, (old, k) => 0.99 * old + (1 - 0.99) * g[k]! ** 2)
      const moved = Array.from(p, (value, k) => {
        const step = (0.03 / (1 - 0.9 ** 3)) * m[k]!
        return value * (1 - 0.03 * decays[i]!) - step / (Math.sqrt(v[k]! / (1 - 0.99 ** 3)) + 1e-5)
      })
      return [moved, m, v].map((data) => ({ shape, data }))
    })
    await expectLike('AdamWUpdate', inputs, attrs, expected)
  })

  test.each([
    { rectified: false, alpha: 0, centralise: false },
    { rectified: true, alpha: 0, centralise: true },
    { rectified: true, alpha: 0.5, centralise: false },
    { rectified: false, alpha: 1, centralise: true },
  ])('Ranger over parameters of many sizes: %j', async ({ rectified, alpha, centralise }) => {
    const sizes = [[5], [2, 3, 3], [1], [130, 200], [0], [3, 3, 40, 17], [7, 1], [0, 4]]
    const inputs: Record<string, Values> = {}
    for (const [i, shape] of sizes.entries()) {
      inputs[`p${i}`] = values(shape)
      inputs[`m${i}`] = values(shape, 0.1)
      inputs[`v${i}`] = values(shape, 0.1, 0.1)
      // Between the steps of lookahead the slow weights do not count.
      inputs[`s${i}`] = alpha === 0 ? { shape, data: values(shape).data.fill(Number.NaN) } : values(shape)
      inputs[`g${i}`] = values(shape, 1, 0.3)
    }
    const weightDecays = [0.1, 0, 0.3, 0.01, 0, 0.2, 0, 0]
    const moments = { beta1: 0.95, beta2: 0.99, epsilon: 1e-5 }
    const attrs = { learningRate: 0.03, stepSize: 0.02, rectified, ...moments, alpha, centralise, weightDecays }
    const expected = sizes.flatMap((shape, i) => {
      const [p, m, v, s, raw] = ['p', 'm', 'v', 's', 'g'].map((name) => [...inputs[`${name}${i}`]!.data])
      const channels = shape.at(-1)!
      const means = new Array<number>(channels).fill(0)
      if (centralise && shape.length > 1) {
        for (const [k, slope] of raw!.entries()) means[k % channels]! += (slope * channels) / raw!.length
      }
      const g = raw!.map((slope, k) => slope - means[k % channels]!)
      const mean = m!.map((old, k) => 0.95 * old + (1 - 0.95) * g[k]!)
      const square = v!.map((old, k) => 0.99 * old + (1 - 0.99) * g[k]! ** 2)
      const moved = p!.map((value, k) => {
        const direction = rectified ? mean[k]! / (Math.sqrt(square[k]!) + 1e-5) : mean[k]!
        const fast = value * (1 - 0.03 * weightDecays[i]!) - 0.02 * direction
        return alpha === 0 ? fast : s![k]! + alpha * (fast - s![k]!)
      })
      return [moved, mean, square].map((data) => ({ shape, data }))
    })
    await expectLike('RangerUpdate', inputs, attrs, expected)
  })

  test('RMSprop over parameters of many sizes', async () => {
    const sizes = [[5], [2, 3, 3], [1], [130, 200], [0], [7]]
    const inputs: Record<string, Values> = {}
    for (const [i, shape] of sizes.entries()) {
      inputs[`p${i}`] = values(shape)
      inputs[`m${i}`] = values(shape, 0.1)
      inputs[`v${i}`] = values(shape, 0.1, 0.1)
      inputs[`g${i}`] = values(shape)
    }
    const weightDecays = [0.1, 0, 0.3, 0.01, 0, 0]
    const attrs = { learningRate: 0.03, decay: 0.9, momentum: 0.8, epsilon: 1e-3, weightDecays }
    const expected = sizes.flatMap((shape, i) => {
      const [p, m, v, raw] = ['p', 'm', 'v', 'g'].map((name) => [...inputs[`${name}${i}`]!.data])
      const g = raw!.map((slope, k) => slope + weightDecays[i]! * p![k]!)
      const square = v!.map((old, k) => 0.9 * old + (1 - 0.9) * g[k]! ** 2)
      const velocity = m!.map((old, k) => 0.8 * old + (0.03 * g[k]!) / Math.sqrt(square[k]! + 1e-3))
      const moved = p!.map((value, k) => value - velocity[k]!)
      return [moved, velocity, square].map((data) => ({ shape, data }))
    })
    await expectLike('RmspropUpdate', inputs, attrs, expected)
  })

  test.each([
    { step: 1, nesterov: false },
    { step: 1, nesterov: true },
    { step: 2, nesterov: false },
    { step: 2, nesterov: true },
  ])('SGD %j', async ({ step, nesterov }) => {
    const shape = [7]
    const inputs = Object.fromEntries(['p0', 'b0', 'g0'].map((name) => [name, values(shape)]))
    // What lies in the buffer before the first step does not count.
    if (step === 1) inputs.b0!.data.fill(Number.NaN)
    const dampening = nesterov ? 0 : 0.2
    const attrs = { learningRate: 0.1, momentum: 0.9, dampening, nesterov, step, weightDecays: [0.05] }
    const p = inputs.p0!.data
    const g = Array.from(inputs.g0!.data, (v, i) => v + 0.05 * p[i]!)
    const b = g.map((v, i) => (step === 1 ? v : 0.9 * inputs.b0!.data[i]! + (1 - dampening) * v))
    const moved = Array.from(p, (v, i) => v - 0.1 * (nesterov ? g[i]! + 0.9 * b[i]! : b[i]!))
    await expectLike(
      'SgdUpdate',
      inputs,
      attrs,
      [moved, b].map((data) => ({ shape, data })),
    )
  })
})
