import { readFileSync } from 'node:fs'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { mish } from '../src/index.ts'

/** Values and slopes; the slopes weighted by `dy`. */
function evaluate(inputs: readonly number[], dy: readonly number[] = inputs.map(() => 1)) {
  return tf.tidy(() => {
    const x = tf.tensor1d([...inputs])
    const slopes = tf.grad(mish)(x, tf.tensor1d([...dy]))
    return { values: Array.from(mish(x).dataSync()), slopes: Array.from(slopes.dataSync()) }
  })
}

const exact = (x: number) => x * Math.tanh(Math.log1p(Math.exp(x)))
const floats = (max: number, min = -max) => fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true })
const lists = (max: number, min = -max) => fc.array(floats(max, min), { minLength: 1, maxLength: 40 })
const distance = (actual: number, expected: number) => Math.abs(actual - expected) / Math.max(1e-30, Math.abs(expected))

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test('values and slopes are those of PyTorch', () => {
    const golden = JSON.parse(readFileSync(new URL('./golden/mish.json', import.meta.url), 'utf8')) as {
      inputs: number[]
      values: number[]
      slopes: number[]
    }
    const { values, slopes } = evaluate(golden.inputs)
    for (const [index, x] of golden.inputs.entries()) {
      // Far to the left float32 runs out of exponents, and engines round that to 0 where they like.
      const close = x < -80 ? (a: number, b: number) => Math.abs(a - b) : distance
      expect(close(values[index]!, golden.values[index]!), `value at ${x}`).toBeLessThan(1e-6)
      // The slope crosses 0 at the minimum; near there rounding is relative to its two terms.
      const slack = Math.abs(x + 1.19) < 0.1 ? Math.abs(slopes[index]! - golden.slopes[index]!) : undefined
      expect(slack ?? close(slopes[index]!, golden.slopes[index]!), `slope at ${x}`).toBeLessThan(1e-6)
    }
  })

  test('is x · tanh(log(1 + eˣ)), relative to itself, and finite up to 1e4', () => {
    fc.assert(
      fc.property(lists(60), lists(1e4), (usual, large) => {
        for (const [index, value] of evaluate(usual).values.entries()) {
          expect(distance(value, exact(usual[index]!)), `at ${usual[index]}`).toBeLessThan(2e-6)
        }
        const { values, slopes } = evaluate(large)
        expect([...values, ...slopes].every(Number.isFinite)).toBe(true)
      }),
    )
  })

  test('is 0 at 0, at least −0.3088434 everywhere, at most x on the right', () => {
    // The least value lies at −1.1924312; in float32 a result may be off by 2e-6 of itself, as above.
    const least = exact(-1.1924312) * (1 + 2e-6)
    expect(evaluate([0]).values[0]).toBe(0)
    fc.assert(
      fc.property(lists(1e4), (inputs) => {
        for (const [index, value] of evaluate(inputs).values.entries()) {
          expect(value).toBeGreaterThanOrEqual(least)
          expect(value).toBeLessThanOrEqual(Math.max(0, inputs[index]!))
        }
      }),
    )
  })

  test('tends to x on the right and to 0 on the left', () => {
    fc.assert(
      fc.property(lists(1e4, 20), (inputs) => {
        const { values, slopes } = evaluate(inputs)
        for (const [index, x] of inputs.entries()) {
          expect(values[index]! / x).toBeCloseTo(1, 6)
          expect(slopes[index]).toBeCloseTo(1, 6)
        }
        const left = evaluate(inputs.map((x) => -x))
        for (const value of [...left.values, ...left.slopes]) expect(value).toBeCloseTo(0, 6)
      }),
    )
  })

  test('falls, then rises: one minimum, at −1.19241', () => {
    fc.assert(
      fc.property(lists(15), (inputs) => {
        for (const [index, slope] of evaluate(inputs).slopes.entries()) {
          const side = inputs[index]! + 1.19241
          if (Math.abs(side) > 1e-4) expect(Math.sign(slope), `slope at ${inputs[index]}`).toBe(Math.sign(side))
        }
      }),
    )
    expect(evaluate([-1.1924057]).values[0]).toBeCloseTo(-0.30884, 5)
  })

  test('has the slope that finite differences of the float64 function show, times dy', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(floats(30), floats(10)), { minLength: 1, maxLength: 40 }), (pairs) => {
        const found = evaluate(
          pairs.map(([x]) => x),
          pairs.map(([, dy]) => dy),
        ).slopes
        const h = 1e-5
        for (const [index, [x, dy]] of pairs.entries()) {
          const expected = (dy * (exact(x + h) - exact(x - h))) / (2 * h)
          expect(Math.abs(found[index]! - expected), `slope at ${x}`).toBeLessThan(2e-6 * (1 + Math.abs(dy)))
        }
      }),
    )
  })

  test('is smooth: slopes of neighbours differ by little', () => {
    fc.assert(
      fc.property(lists(30), (inputs) => {
        const h = 2 ** -7
        const [here, there] = [evaluate(inputs).slopes, evaluate(inputs.map((x) => x + h)).slopes]
        // The second derivative is nowhere above 1.
        for (const [index, slope] of here.entries()) expect(Math.abs(there[index]! - slope)).toBeLessThan(h)
      }),
    )
  })

  test('runs one kernel forward and one backward, and leaves no tensor', () => {
    const before = tf.memory().numTensors
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
    const [x, dy] = [tf.tensor1d([-1, 2]), tf.tensor1d([1, 1])]
    const slopes = tf.grad(mish)(x, dy)
    spy.mockRestore()
    expect(names.filter((name) => name !== 'Identity')).toEqual(['Mish', 'MishGrad'])
    tf.dispose([x, dy, slopes])
    expect(tf.memory().numTensors).toBe(before)
  })
})
