import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectLikeCpu, nativeIsThere, randomValues, relativeError, runOn, type Values } from './compare.ts'

const random = createRng(41).at('elementwise')

/** Distance of two float32 numbers in units of the last place of the expected one. */
function unitsApart(actual: number, exact: number): number {
  const expected = Math.fround(exact)
  if (Object.is(actual, expected) || actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0
  if (!Number.isFinite(expected) || !Number.isFinite(actual)) return Number.POSITIVE_INFINITY
  const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact) || 2 ** -149)) - 23)
  return Math.abs(actual - exact) / unit
}

const specials = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -1e-40, 3.4e38]

describe.runIf(nativeIsThere())('native elementwise', () => {
  beforeAll(async () => {
    await tf.setBackend('native')
  })

  const functions: [name: string, low: number, high: number, exact: (x: number) => number][] = [
    ['Exp', -110, 95, Math.exp],
    ['Expm1', -20, 20, Math.expm1],
    ['Log', 0, 50, Math.log],
    ['Log1p', -0.999, 3, Math.log1p],
    ['Tanh', -12, 12, Math.tanh],
    ['Sigmoid', -80, 80, (x) => 1 / (1 + Math.exp(-x))],
    ['Softplus', -80, 80, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
    ['Mish', -80, 80, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
    ['Swish', -80, 80, (x) => x / (1 + Math.exp(-x))],
    ['Elu', -30, 5, (x) => (x >= 0 ? x : Math.expm1(x))],
    ['Selu', -30, 5, (x) => 1.0507009873554805 * (x >= 0 ? x : 1.6732632423543772 * Math.expm1(x))],
    ['Sqrt', 0, 100, Math.sqrt],
    ['Rsqrt', 0, 100, (x) => 1 / Math.sqrt(x)],
  ]

  test.each(functions)('%s is right to 4 units in the last place', async (name, low, high, exact) => {
    const data = new Float32Array(40_000)
    for (let i = 0; i < data.length; i++) {
      // Half of them spread over all magnitudes: near zero is where such functions go wrong.
      const x = low + (high - low) * random.uniform()
      data[i] = i % 2 === 0 ? x : x * 2 ** -random.integer(40)
    }
    data.set(specials)
    const { data: actual } = await runOn('native', name, { x: { shape: [data.length], data } }, {})
    let worst = 0
    let at = 0
    for (let i = 0; i < data.length; i++) {
      // Results below the normal numbers have no accuracy to speak of; sigmoid's may become zero there.
      const wanted = exact(data[i]!)
      if (Math.abs(wanted) < 2 ** -126 && Math.abs(actual[i]!) < 2 ** -125) continue
      const apart = unitsApart(actual[i]!, wanted)
      if (!(apart <= worst)) {
        worst = apart
        at = data[i]!
      }
    }
    expect(worst, `worst at ${at}`).toBeLessThan(4)
  })

  test("Mish's slope is right to 4 units in the last place of its larger term", async () => {
    const data = new Float32Array(40_000)
    for (let i = 0; i < data.length; i++) {
      const x = -80 + 160 * random.uniform()
      data[i] = i % 2 === 0 ? x : x * 2 ** -random.integer(40)
    }
    const shape = [data.length]
    const dy = randomValues(shape)
    const { data: actual } = await runOn('native', 'MishGrad', { dy, x: { shape, data } }, {})
    for (const [i, x] of data.entries()) {
      const t = Math.tanh(Math.log1p(Math.exp(x)))
      const bend = (x * (1 - t * t)) / (1 + Math.exp(-x))
      const scale = Math.abs(dy.data[i]!) * Math.max(t, Math.abs(bend))
      // Around −1.2 the terms cancel; relative to the larger one there is nothing to lose.
      expect(Math.abs(actual[i]! - dy.data[i]! * (t + bend)), `at ${x}`).toBeLessThan(4 * 2 ** -23 * scale + 1e-44)
    }
  })

  test('Mish and its slope beyond all bounds', async () => {
    const x = { shape: [4], data: Float32Array.of(3.4e38, -3.4e38, Number.NaN, Number.POSITIVE_INFINITY) }
    const dy = { shape: [4], data: Float32Array.of(1, 1, 1, 1) }
    expect([...(await runOn('native', 'Mish', { x }, {})).data]).toEqual([x.data[0], -0, Number.NaN, Infinity])
    const { data: slopes } = await runOn('native', 'MishGrad', { dy, x }, {})
    expect([...slopes.slice(0, 3)]).toEqual([1, 0, Number.NaN])
  })

  test("Swish's slope is right to 4 units in the last place of its larger term", async () => {
    const data = new Float32Array(40_000)
    for (let i = 0; i < data.length; i++) {
      const x = -80 + 160 * random.uniform()
      data[i] = i % 2 === 0 ? x : x * 2 ** -random.integer(40)
    }
    const shape = [data.length]
    const dy = randomValues(shape)
    const { data: actual } = await runOn('native', 'SwishGrad', { dy, x: { shape, data } }, {})
    for (const [i, x] of data.entries()) {
      const gate = 1 / (1 + Math.exp(-x))
      const bend = (x * gate) / (1 + Math.exp(x))
      const scale = Math.abs(dy.data[i]!) * Math.max(gate, Math.abs(bend))
      // Around −1.28 the terms cancel; relative to the larger one there is nothing to lose.
      expect(Math.abs(actual[i]! - dy.data[i]! * (gate + bend)), `at ${x}`).toBeLessThan(4 * 2 ** -23 * scale + 1e-44)
    }
  })

  test('Swish and its slope at the bounds', async () => {
    const x = { shape: [3], data: Float32Array.of(3.4e38, -3.4e38, Number.NaN) }
    const dy = { shape: [3], data: Float32Array.of(1, 1, 1) }
    expect([...(await runOn('native', 'Swish', { x }, {})).data]).toEqual([x.data[0], -0, Number.NaN])
    expect([...(await runOn('native', 'SwishGrad', { dy, x }, {})).data.map(Math.abs)]).toEqual([1, 0, Number.NaN])
  })

  /** The normal distribution in float64: a series near 0, a continued fraction far from it, where little is left. */
  function share(x: number): number {
    if (x < -4) {
      let fraction = -x
      for (let n = 200; n > 0; n--) fraction = -x + n / fraction
      return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / fraction
    }
    let [term, sum] = [x, x]
    for (let n = 1; n < 200; n++) {
      term *= (x * x) / (2 * n + 1)
      sum += term
    }
    return x > 9 ? 1 : 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
  }

  test('GELU is right to 10 units in the last place, its slope to 10 of its larger term', async () => {
    const data = Float32Array.from({ length: 40_000 }, (_, i) => {
      const x = -13 + 33 * random.uniform()
      return i % 2 === 0 ? x : x * 2 ** -random.integer(40)
    })
    const shape = [data.length]
    const dy = { shape, data: new Float32Array(data.length).fill(1) }
    const form = 'exact'
    const { data: values } = await runOn('native', 'Gelu', { x: { shape, data } }, { form })
    const { data: slopes } = await runOn('native', 'GeluGrad', { dy, x: { shape, data } }, { form })
    for (const [i, x] of data.entries()) {
      const wanted = x * share(x)
      if (Math.abs(wanted) > 2 ** -120) expect(unitsApart(values[i]!, wanted), `at ${x}`).toBeLessThan(10)
      const bend = (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
      const scale = Math.max(share(x), Math.abs(bend))
      expect(Math.abs(slopes[i]! - (share(x) + bend)), `slope at ${x}`).toBeLessThan(10 * 2 ** -23 * scale + 1e-36)
    }
  })

  test('GELU with the hyperbolic tangent and its slope are right to 1e-6', async () => {
    const data = Float32Array.from({ length: 4000 }, () => -13 + 33 * random.uniform())
    const shape = [data.length]
    const dy = randomValues(shape)
    const form = 'tanh'
    const { data: values } = await runOn('native', 'Gelu', { x: { shape, data } }, { form })
    const { data: slopes } = await runOn('native', 'GeluGrad', { dy, x: { shape, data } }, { form })
    const rate = Math.sqrt(2 / Math.PI)
    for (const [i, x] of data.entries()) {
      const t = Math.tanh(rate * (x + 0.044715 * x ** 3))
      expect(Math.abs(values[i]! - (x * (1 + t)) / 2), `at ${x}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(x)))
      const slope = (1 + t) / 2 + (x * (1 - t * t) * rate * (1 + 3 * 0.044715 * x * x)) / 2
      expect(Math.abs(slopes[i]! - dy.data[i]! * slope), `slope at ${x}`).toBeLessThan(2e-6)
    }
  })

  test.each(['exact', 'tanh'])('GELU and its slope beyond all bounds, %s', async (form) => {
    const x = { shape: [4], data: Float32Array.of(3.4e38, -3.4e38, Number.NaN, Number.POSITIVE_INFINITY) }
    const dy = { shape: [4], data: Float32Array.of(1, 1, 1, 1) }
    expect([...(await runOn('native', 'Gelu', { x }, { form })).data]).toEqual([x.data[0], -0, Number.NaN, Infinity])
    const { data: slopes } = await runOn('native', 'GeluGrad', { dy, x }, { form })
    expect(slopes[0]).toBeCloseTo(1, 6)
    expect(slopes[1]).toBeCloseTo(0, 6)
    expect(slopes[2]).toBeNaN()
  })

  test.each(['Abs', 'Neg', 'Square', 'Relu', 'Relu6', 'Sign', 'Floor', 'Ceil', 'Round', 'Step', 'Reciprocal'])(
    '%s, NaN and infinity included',
    async (name) => {
      // biome-ignore format: one line
      const data = Float32Array.from([...specials, 0.5, 1.5, 2.5, -0.5, -1.5, 7, -7, ...randomValues([45]).data])
      const attrs = name === 'Step' ? { alpha: 0.3 } : {}
      const inputs = { x: { shape: [data.length], data } }
      const reference = await runOn('cpu', name, inputs, attrs)
      const ours = await runOn('native', name, inputs, attrs)
      for (let i = 0; i < data.length; i++) {
        expect(unitsApart(ours.data[i]!, reference.data[i]!), `${name}(${data[i]})`).toBeLessThan(3)
      }
    },
  )

  test('clipping and leaky ReLU', async () => {
    const x = randomValues([3, 50])
    x.data[7] = Number.NaN
    await expectLikeCpu('LeakyRelu', { x: randomValues([3, 50]) }, { alpha: 0.2 })
    const { data } = await runOn('native', 'ClipByValue', { x }, { clipValueMin: -0.25, clipValueMax: 0.5 })
    for (let i = 0; i < data.length; i++) expect(data[i]).toBe(Math.min(0.5, Math.max(-0.25, x.data[i]!)))
  })

  const pairs: [number[], number[]][] = [
    [[2, 3, 4, 5], [5]],
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [2, 1, 1, 5],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 4, 1],
    ],
    [
      [2, 3, 4, 5],
      [1, 3, 1, 1],
    ],
    [[2, 3, 4, 5], []],
    [[2, 3, 4, 8], [1]],
    [
      [4, 1],
      [1, 5],
    ],
    [[6], [3, 6]],
    [[1], [7]],
    [[1, 3], [1]],
    [[3], [1, 3]],
    [
      [2, 1, 3, 1, 2],
      [4, 1, 5, 1],
    ],
    [[700, 3], [3]],
    [[20, 60, 16], [16]],
    [
      [1, 20000],
      [2, 1],
    ],
    [
      [17000, 1],
      [1, 1],
    ],
    [[0, 3], [3]],
    [
      [4, 0],
      [4, 1],
    ],
  ]

  test.each(pairs)('binary kernels of %j and %j', async (left, right) => {
    const [a, b] = [randomValues(left), randomValues(right)]
    for (let i = 0; i < a.data.length; i += 3) a.data[i] = b.data[i % Math.max(1, b.data.length)] ?? 0
    const positive = (x: Values) => ({ ...x, data: x.data.map((v) => Math.abs(v) + 0.5) })
    for (const name of ['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum', 'SquaredDifference']) {
      await expectLikeCpu(name, { a, b }, {})
      await expectLikeCpu(name, { a: b, b: a }, {})
    }
    await expectLikeCpu('RealDiv', { a, b: positive(b) }, {})
    await expectLikeCpu('Pow', { a: positive(a), b }, {})
    for (const name of ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']) {
      await expectLikeCpu(name, { a, b }, {})
    }
  })

  test('NaN wins in maximum and minimum, and is unequal to itself', async () => {
    const a = { shape: [4], data: Float32Array.of(Number.NaN, 1, Number.NaN, -0) }
    const b = { shape: [4], data: Float32Array.of(1, Number.NaN, Number.NaN, 0) }
    expect([...(await runOn('native', 'Maximum', { a, b }, {})).data.subarray(0, 3)]).toEqual([NaN, NaN, NaN])
    expect([...(await runOn('native', 'Minimum', { a, b }, {})).data.subarray(0, 3)]).toEqual([NaN, NaN, NaN])
    expect([...(await runOn('native', 'Equal', { a, b }, {})).data]).toEqual([0, 0, 0, 1])
    expect([...(await runOn('native', 'NotEqual', { a, b }, {})).data]).toEqual([1, 1, 1, 0])
  })

  test('shapes that do not broadcast are refused', () => {
    expect(() => tf.tidy(() => tf.add(tf.ones([2, 3]), tf.ones([4])))).toThrow(/broadcast/)
  })

  test('casts convert as typed arrays do', async () => {
    const values = [0, 1.9, -1.9, 3e9, -3e9, 1e20, Number.NaN, Number.POSITIVE_INFINITY, 2147483648, -2147483648]
    const [ints, bools, back] = tf.tidy(() => {
      const x = tf.tensor1d(values)
      const whole = tf.cast(x, 'int32')
      return [whole.dataSync(), tf.cast(x, 'bool').dataSync(), tf.cast(whole, 'float32').dataSync()]
    })
    expect(ints).toEqual(Int32Array.from(Float32Array.from(values)))
    expect(bools).toEqual(Uint8Array.from(values, (v) => (v === 0 ? 0 : 1)))
    expect(back).toEqual(Float32Array.from(ints!))
  })

  test('sums of tensors, selections and fills', async () => {
    const parts = [0, 1, 2, 3].map(() => randomValues([5000]))
    const sum = tf.tidy(() => tf.addN(parts.map(({ data }) => tf.tensor1d(data))).dataSync())
    const exact = Array.from(sum, (_, i) => parts.reduce((total, { data }) => total + data[i]!, 0))
    expect(relativeError(sum, exact)).toBeLessThan(1e-6)
    const chosen = tf.tidy(() =>
      tf.where(tf.tensor1d([1, 0, 1], 'bool'), tf.tensor1d([1, 2, 3]), tf.tensor1d([4, 5, 6])).dataSync(),
    )
    expect([...chosen]).toEqual([1, 5, 3])
    expect([...tf.tidy(() => tf.fill([3], 0.1).dataSync())]).toEqual([0.1, 0.1, 0.1].map(Math.fround))
  })

  test('the gradient of ELU', async () => {
    const [y, dy] = [randomValues([3, 333]), randomValues([3, 333])]
    const { data } = await runOn('native', 'EluGrad', { dy, y }, {})
    const expected = Array.from(y.data, (v, i) => (v >= 0 ? dy.data[i]! : dy.data[i]! * (v + 1)))
    expect(relativeError(data, expected)).toBeLessThan(1e-6)
  })
})
