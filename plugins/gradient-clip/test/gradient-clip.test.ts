import { createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import '@tricklab/testing/matchers'
import { chirp, describeOnEngines } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clipAdaptively, clipNorm, clipValue } from '../src/clip.ts'
import gradientClip from '../src/index.ts'
import golden from './golden/gradient-clip.json' with { type: 'json' }

const registry = createRegistry([gradientClip])

// As in golden/make_gradient_clip.py.
const shapes = { 'stem/weight': [3, 3, 2, 4], 'stem/bias': [4], 'head/weight': [4, 3], 'head/bias': [3] } as const

function layers(): { params: NamedParam[]; gradients: tf.Tensor[] } {
  const entries = Object.entries(shapes)
  const params = entries.map(([path, shape], phase): NamedParam => {
    const value = tf.tidy(() => {
      const weights = chirp(shape, phase)
      return tf.variable(path === 'stem/weight' ? tf.mul(weights, [1, 0, 1, 1]) : weights)
    })
    return { path, role: path.endsWith('bias') ? 'bias' : 'weight', value }
  })
  return { params, gradients: entries.map(([, shape], phase) => chirp(shape, phase + 10)) }
}

describeOnEngines('clipped gradients', () => {
  test.each(golden.cases)('$options are as in PyTorch and timm', async ({ options, gradients: expected }) => {
    const before = tf.memory().numTensors
    const { params, gradients } = layers()
    const { use } = registry.normalize('callback', { use: 'gradient-clip', ...options } as never, 'test')
    const callback = registry.create('callback', use, { source: {} as never, metrics: [] })
    const answer = (await callback.afterBackward!({ step: 0, params, gradients })) as { gradients: tf.Tensor[] }
    for (const [index, values] of Object.values(expected).entries()) {
      expect(Array.from(answer.gradients[index]!.dataSync())).toBeAllClose(values, { atol: 1e-6 })
    }
    tf.dispose([gradients, answer.gradients, params.map(({ value }) => value)])
    expect(tf.memory().numTensors).toBe(before)
  })
})

const vectors = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 })
const limits = fc.integer({ min: 1, max: 400 }).map((n) => n / 16)
const normOf = (values: ArrayLike<number>) => Math.hypot(...Array.from(values))

describeOnEngines('for any gradients', () => {
  test('no norm is above the limit, no direction is another, and short gradients stay as they are', () => {
    fc.assert(
      fc.property(vectors, vectors, limits, (a, b, limit) => {
        const found = tf.tidy(() => clipNorm([tf.tensor1d(a), tf.tensor1d(b)], limit).map((x) => x.dataSync()))
        const values = found.flatMap((data) => [...data])
        const given = [...a, ...b]
        const norm = normOf(given)
        // Sums of 40 squares and a handful of operations in float32 are off by less than 60 half units in the last place.
        expect(normOf(values)).toBeLessThanOrEqual(limit * (1 + 60 * 2 ** -24))
        if (norm <= limit * (1 - 1e-4) - 1e-4) expect(values).toEqual(given.map((value) => value))
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value * norm - given[i]! * normOf(values))).toBeLessThanOrEqual(1e-4 * norm * normOf(values))
        }
      }),
    )
  })

  test('no value is above the limit', () => {
    fc.assert(
      fc.property(vectors, limits, (values, limit) => {
        const [found] = tf.tidy(() => clipValue([tf.tensor1d(values)], limit).map((x) => [...x.dataSync()]))
        expect(found).toEqual(values.map((value) => Math.max(-limit, Math.min(limit, value))))
      }),
    )
  })

  test('every output’s gradient is at most its share of the weights, and the last layer is left alone', () => {
    const { params, gradients } = layers()
    fc.assert(
      fc.property(limits, (limit) => {
        const found = tf.tidy(() => clipAdaptively(params, gradients, limit).map((x) => [...x.dataSync()]))
        const weights = params[0]!.value.dataSync()
        for (let output = 0; output < 4; output++) {
          const own = (values: ArrayLike<number>) => Array.from(values).filter((_, index) => index % 4 === output)
          const most = limit * Math.max(1e-3, normOf(own(weights)))
          expect(normOf(own(found[0]!))).toBeLessThanOrEqual(most * (1 + 60 * 2 ** -24))
        }
        expect(found.slice(2)).toEqual(gradients.slice(2).map((gradient) => [...gradient.dataSync()]))
      }),
      { numRuns: 20 },
    )
    tf.dispose([gradients, params.map(({ value }) => value)])
  })
})
