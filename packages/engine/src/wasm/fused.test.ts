import { beforeAll, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { runOn } from './test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
})

const softTanh = (v: number) => Math.tanh(Math.log1p(Math.exp(v)))
const mishSlope = (v: number) => softTanh(v) + (v * (1 - softTanh(v) ** 2)) / (1 + Math.exp(-v))

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
