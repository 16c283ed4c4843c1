import { dropoutHash } from '@tricklab/core/fused'
import { beforeAll, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { createRandom, randomValues, relativeError, runOn, type Values } from './test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
})

const random = createRandom(11)

/** Runs a kernel twice, expects the same bits and, per output, the reference's values and shape. */
async function expectLike(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  expected: { shape: number[]; data: number[] }[],
  tolerance = 2e-6,
): Promise<void> {
  const first = await runOn('wasm', name, inputs, attrs)
  const second = await runOn('wasm', name, inputs, attrs)
  expect(second.outputs).toEqual(first.outputs)
  expect(first.shapes).toEqual(expected.map(({ shape }) => shape))
  for (const [i, { data }] of expected.entries()) {
    expect(relativeError(first.outputs[i]!, data), `${name}, output ${i}`).toBeLessThan(tolerance)
  }
}

const softTanh = (v: number) => Math.tanh(Math.log1p(Math.exp(v)))
const mishSlope = (v: number) => softTanh(v) + (v * (1 - softTanh(v) ** 2)) / (1 + Math.exp(-v))

/** In float64. */
const activations = {
  linear: { value: (v: number) => v, slope: () => 1 },
  relu: { value: (v: number) => Math.max(v, 0), slope: (v: number) => (v > 0 ? 1 : 0) },
  mish: { value: (v: number) => v * softTanh(v), slope: mishSlope },
} as const
type Activation = keyof typeof activations

/** Batch norm and its gradient in float64, written from the formulas. */
function batchNorm(x: Values, gamma: Values, beta: Values, dy: Values, epsilon: number, activation: Activation) {
  const channels = gamma.data.length
  const rows = x.data.length / channels
  const mean = new Array<number>(channels).fill(0)
  const variance = new Array<number>(channels).fill(0)
  for (let i = 0; i < x.data.length; i++) mean[i % channels]! += x.data[i]! / rows
  for (let i = 0; i < x.data.length; i++) variance[i % channels]! += (x.data[i]! - mean[i % channels]!) ** 2 / rows
  const hat = Array.from(x.data, (v, i) => (v - mean[i % channels]!) / Math.sqrt(variance[i % channels]! + epsilon))
  const linear = hat.map((v, i) => v * gamma.data[i % channels]! + beta.data[i % channels]!)
  const { value, slope } = activations[activation]
  const y = linear.map(value)
  const g = Array.from(dy.data, (v, i) => v * slope(linear[i]!))
  const dbeta = new Array<number>(channels).fill(0)
  const dgamma = new Array<number>(channels).fill(0)
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

test.each([
  { shape: [2, 3, 3, 8], shift: 0 },
  { shape: [5, 7, 3, 10], shift: 0.5 },
  { shape: [1, 2, 3, 1], shift: -1 },
  { shape: [130, 1, 1, 3], shift: 0 },
  { shape: [65, 13], shift: 30 },
  { shape: [40, 4, 4, 16], shift: -100 },
])('batch norm over %j', async ({ shape, shift }) => {
  const channels = shape.at(-1)!
  const x = randomValues(random, shape, 1, shift)
  const dy = randomValues(random, shape)
  const gamma = randomValues(random, [channels], 0.5, 1)
  const beta = randomValues(random, [channels])
  const epsilon = 1e-5
  // Rounding the mean to float32 moves every centred value by up to |shift|·2⁻²⁴.
  const tolerance = 4e-6 + Math.abs(shift) * 2e-7
  for (const activation of ['linear', 'relu', 'mish'] as const) {
    const reference = batchNorm(x, gamma, beta, dy, epsilon, activation)
    const { mean, variance } = reference
    const stats = { shape: [2, channels], data: Float32Array.from([...mean, ...variance]) }
    await expectLike(
      'BatchNormTrain',
      { x, gamma, beta },
      { epsilon, activation },
      [
        { shape, data: reference.y },
        { shape: [2, channels], data: [...mean, ...variance] },
      ],
      tolerance,
    )
    await expectLike(
      'BatchNormTrainGrad',
      { dy, x, gamma, beta, stats },
      { epsilon, activation },
      [
        { shape, data: reference.dx },
        { shape: [channels], data: reference.dgamma },
        { shape: [channels], data: reference.dbeta },
      ],
      tolerance,
    )
    await expectLike(
      'BatchNormEval',
      {
        x,
        gamma,
        beta,
        mean: { shape: [channels], data: stats.data.slice(0, channels) },
        variance: { shape: [channels], data: stats.data.slice(channels) },
      },
      { epsilon, activation },
      [{ shape, data: reference.y }],
      tolerance,
    )
  }
})

test('batch statistics of 401 408 rows hold to 1e-6 of the deviation', async () => {
  const x = randomValues(random, [128, 56, 56, 4], 1, 3)
  const one = { shape: [4], data: new Float32Array(4).fill(1) }
  const { outputs } = await runOn(
    'wasm',
    'BatchNormTrain',
    { x, gamma: one, beta: one },
    { epsilon: 0, activation: 'linear' },
  )
  const rows = x.data.length / 4
  for (let c = 0; c < 4; c++) {
    let mean = 0
    for (let i = c; i < x.data.length; i += 4) mean += x.data[i]! / rows
    let variance = 0
    for (let i = c; i < x.data.length; i += 4) variance += (x.data[i]! - mean) ** 2 / rows
    expect(Math.abs(outputs[1]![c]! - mean)).toBeLessThan(1e-6)
    expect(Math.abs(outputs[1]![4 + c]! / variance - 1)).toBeLessThan(1e-6)
  }
})

test.each([
  { shape: [5, 10], scale: 3 },
  { shape: [1, 1], scale: 1 },
  { shape: [7, 33], scale: 200 },
])('softmax cross-entropy of %j', async ({ shape, scale }) => {
  const [rows, classes] = shape as [number, number]
  const logits = randomValues(random, shape, scale)
  const targets = randomValues(random, shape, 0.5, 0.5)
  const losses: number[] = []
  const residual: number[] = []
  for (let n = 0; n < rows; n++) {
    const l = Array.from(logits.data.subarray(n * classes, (n + 1) * classes))
    const t = Array.from(targets.data.subarray(n * classes, (n + 1) * classes))
    const highest = Math.max(...l)
    const total = l.reduce((sum, v) => sum + Math.exp(v - highest), 0)
    const weight = t.reduce((sum, v) => sum + v, 0)
    losses.push(l.reduce((sum, v, k) => sum - t[k]! * (v - highest - Math.log(total)), 0))
    residual.push(...l.map((v, k) => (Math.exp(v - highest) / total) * weight - t[k]!))
  }
  await expectLike('SoftmaxCrossEntropy', { logits, targets }, {}, [
    { shape: [rows], data: losses },
    { shape, data: residual },
  ])
})

test('a NaN or infinite logit shows as NaN, and a class of probability zero does not', async () => {
  const logits = {
    shape: [3, 2],
    data: Float32Array.of(Number.NaN, 1, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 1),
  }
  const targets = { shape: [3, 2], data: Float32Array.of(0, 1, 0, 1, 0, 1) }
  const { outputs } = await runOn('wasm', 'SoftmaxCrossEntropy', { logits, targets }, {})
  expect([...outputs[0]!]).toEqual([Number.NaN, Number.NaN, 0])
  expect([...outputs[1]!.subarray(4)]).toEqual([0, 0])
})

test.each([[1], [3], [4], [7, 5], [2, 3, 3, 9]])('maps over %j', async (...shape) => {
  const x = randomValues(random, shape)
  x.data[0] = 0
  const dy = randomValues(random, shape)
  const from = (f: (v: number, i: number) => number) => [{ shape, data: Array.from(x.data, f) }]
  await expectLike(
    'LeakyReluOffset',
    { x },
    { alpha: 0.1, offset: 0.4 },
    from((v) => (v > 0 ? v : 0.1 * v) - 0.4),
  )
  await expectLike(
    'LeakyReluOffsetGrad',
    { dy, x },
    { alpha: 0.1 },
    from((v, i) => dy.data[i]! * (v > 0 ? 1 : 0.1)),
  )
  await expectLike(
    'ReluGrad',
    { dy, y: x },
    {},
    from((v, i) => (v > 0 ? dy.data[i]! : 0)),
  )
  await expectLike(
    'AddRelu',
    { a: x, b: dy },
    {},
    from((v, i) => Math.max(0, v + dy.data[i]!)),
  )
  await expectLike(
    'Mish',
    { x },
    {},
    from((v) => v * softTanh(v)),
  )
  await expectLike(
    'MishGrad',
    { dy, x },
    {},
    from((v, i) => dy.data[i]! * mishSlope(v)),
  )
  for (const rate of [0, 0.1, 0.5, 0.999]) {
    for (const key of [0, 1, 0x9e3779b9, 2 ** 31]) {
      const scale = Math.fround(1 / (1 - rate))
      const kept = (i: number) => dropoutHash(key, i) >= rate * 2 ** 32
      await expectLike(
        'Dropout',
        { x },
        { rate, key },
        from((v, i) => (kept(i) ? Math.fround(v * scale) : 0)),
        1e-9,
      )
    }
  }
})

test('the dropout mask of a long tensor is the hash, element by element', async () => {
  const x = { shape: [5003], data: new Float32Array(5003).fill(1) }
  const { outputs } = await runOn('wasm', 'Dropout', { x }, { rate: 0.3, key: 12345 })
  const expected = Array.from(x.data, (_, i) => (dropoutHash(12345, i) >= 0.3 * 2 ** 32 ? Math.fround(1 / 0.7) : 0))
  expect([...outputs[0]!]).toEqual(expected)
})

test('Mish from end to end, relative to itself', async () => {
  const data = Float32Array.from({ length: 4003 }, (_, i) => (i - 2001) * 0.04)
  data.set([3.4e38, -3.4e38, Number.NaN])
  const { outputs } = await runOn('wasm', 'Mish', { x: { shape: [data.length], data } }, {})
  const dy = { shape: [data.length], data: new Float32Array(data.length).fill(1) }
  const slopes = await runOn('wasm', 'MishGrad', { dy, x: { shape: [data.length], data } }, {})
  expect([...outputs[0]!.subarray(0, 3)]).toEqual([data[0], -0, Number.NaN])
  expect([...slopes.outputs[0]!.subarray(0, 3)]).toEqual([1, 0, Number.NaN])
  for (let i = 3; i < data.length; i++) {
    const x = data[i]!
    const value = x * softTanh(x)
    expect(Math.abs(outputs[0]![i]! - value), `at ${x}`).toBeLessThanOrEqual(5e-7 * Math.abs(value))
    // The terms of the slope cancel around −1.2; relative to the larger one there is nothing to lose.
    expect(Math.abs(slopes.outputs[0]![i]! - mishSlope(x)), `slope at ${x}`).toBeLessThanOrEqual(
      5e-7 * softTanh(x) * Math.max(1, Math.abs(x)),
    )
  }
})

/** Φ in float64: a series near 0, a continued fraction far from it, where little is left. */
function normalShare(x: number): number {
  if (x > 4) return 1 - normalShare(-x)
  if (x < -4) {
    let fraction = -x
    for (let n = 200; n > 0; n--) fraction = -x + n / fraction
    return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / fraction
  }
  let [term, sum] = [x, x]
  for (let n = 1; n < 100; n++) {
    term *= (x * x) / (2 * n + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

test.each(['exact', 'tanh'])('GELU from end to end, %s', async (form) => {
  const data = Float32Array.from({ length: 4003 }, (_, i) => (i - 2001) * 0.006)
  data.set([3.4e38, -3.4e38, Number.NaN])
  const x = { shape: [data.length], data }
  const dy = { shape: [data.length], data: new Float32Array(data.length).fill(1) }
  const { outputs } = await runOn('wasm', 'Gelu', { x }, { form })
  const slopes = await runOn('wasm', 'GeluGrad', { dy, x }, { form })
  expect([...outputs[0]!.subarray(0, 3)]).toEqual([data[0], -0, Number.NaN])
  expect(slopes.outputs[0]![0]).toBeCloseTo(1, 6)
  expect(slopes.outputs[0]![1]).toBeCloseTo(0, 6)
  expect(slopes.outputs[0]![2]).toBeNaN()
  const rate = Math.sqrt(2 / Math.PI)
  for (let i = 3; i < data.length; i++) {
    const v = data[i]!
    const t = Math.tanh(rate * (v + 0.044715 * v ** 3))
    const exact = form === 'exact'
    const share = exact ? normalShare(v) : (1 + t) / 2
    const bend = exact
      ? (v * Math.exp((-v * v) / 2)) / Math.sqrt(2 * Math.PI)
      : (v * (1 - t * t) * rate * (1 + 3 * 0.044715 * v * v)) / 2
    // The exact form keeps its digits however little is left; of the other the tangent has none far out.
    const value = v * share
    expect(Math.abs(outputs[0]![i]! - value), `at ${v}`).toBeLessThanOrEqual(
      1.5e-6 * (exact ? Math.abs(value) : 1 + Math.abs(v)),
    )
    expect(Math.abs(slopes.outputs[0]![i]! - share - bend), `slope at ${v}`).toBeLessThanOrEqual(
      exact ? 1.5e-6 * Math.max(share, Math.abs(bend)) : 3e-6,
    )
  }
})

test.each([
  { rectified: false, alpha: 0, centralise: false },
  { rectified: true, alpha: 0, centralise: true },
  { rectified: true, alpha: 0.5, centralise: false },
  { rectified: false, alpha: 1, centralise: true },
])('Ranger, %j', async ({ rectified, alpha, centralise }) => {
  const sizes = [[5], [2, 3, 3], [1], [9, 18], [0, 4]]
  const inputs: Record<string, Values> = {}
  for (const [i, shape] of sizes.entries()) {
    inputs[`p${i}`] = randomValues(random, shape)
    inputs[`m${i}`] = randomValues(random, shape, 0.1)
    inputs[`v${i}`] = randomValues(random, shape, 0.1, 0.1)
    // Between the steps of lookahead the slow weights do not count.
    inputs[`s${i}`] = randomValues(random, shape, 1, alpha === 0 ? Number.NaN : 0)
    inputs[`g${i}`] = randomValues(random, shape, 1, 0.3)
  }
  const weightDecays = [0.1, 0, 0.3, 0.01, 0]
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

test('AdamW, two parameters, third step', async () => {
  const sizes = [[5], [2, 3, 3]]
  const inputs: Record<string, Values> = {}
  for (const [i, shape] of sizes.entries()) {
    inputs[`p${i}`] = randomValues(random, shape)
    inputs[`m${i}`] = randomValues(random, shape, 0.1)
    inputs[`v${i}`] = randomValues(random, shape, 0.1, 0.1)
    inputs[`g${i}`] = randomValues(random, shape)
  }
  const attrs = { learningRate: 0.03, beta1: 0.9, beta2: 0.99, epsilon: 1e-5, step: 3, weightDecays: [0.1, 0] }
  const expected = sizes.flatMap((shape, i) => {
    const { data: p } = inputs[`p${i}`]!
    const g = inputs[`g${i}`]!.data
    const m = Array.from(inputs[`m${i}`]!.data, (v, k) => 0.9 * v + (1 - 0.9) * g[k]!)
    const v = Array.from(inputs[`v${i}`]!.data, (v, k) => 0.99 * v + (1 - 0.99) * g[k]! ** 2)
    const moved = Array.from(p, (value, k) => {
      const step = (0.03 / (1 - 0.9 ** 3)) * m[k]!
      return value * (1 - 0.03 * attrs.weightDecays[i]!) - step / (Math.sqrt(v[k]! / (1 - 0.99 ** 3)) + 1e-5)
    })
    return [moved, m, v].map((data) => ({ shape, data }))
  })
  await expectLike('AdamWUpdate', inputs, attrs, expected)
})

test.each([
  { step: 1, nesterov: false },
  { step: 2, nesterov: false },
  { step: 2, nesterov: true },
])('SGD %j', async ({ step, nesterov }) => {
  const shape = [7]
  const inputs = Object.fromEntries(['p0', 'b0', 'g0'].map((name) => [name, randomValues(random, shape)]))
  const attrs = {
    learningRate: 0.1,
    momentum: 0.9,
    dampening: nesterov ? 0 : 0.2,
    nesterov,
    step,
    weightDecays: [0.05],
  }
  const p = inputs.p0!.data
  const g = Array.from(inputs.g0!.data, (v, i) => v + 0.05 * p[i]!)
  const b = g.map((v, i) => (step === 1 ? v : 0.9 * inputs.b0!.data[i]! + (1 - attrs.dampening) * v))
  const moved = Array.from(p, (v, i) => v - 0.1 * (nesterov ? g[i]! + 0.9 * b[i]! : b[i]!))
  await expectLike(
    'SgdUpdate',
    inputs,
    attrs,
    [moved, b].map((data) => ({ shape, data })),
  )
})
