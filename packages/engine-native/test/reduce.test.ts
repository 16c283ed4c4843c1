import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { expectLikeCpu, nativeIsThere, randomValues, relativeError, runOn, type Values } from './compare.ts'

const random = createRng(43).at('reduce')

describe.runIf(nativeIsThere())('native reductions', () => {
  test.each([
    { shape: [3, 4, 5, 6], axis: [0, 1, 2] },
    { shape: [3, 4, 5, 7], axis: [1, 2] },
    { shape: [3, 4, 5], axis: [2] },
    { shape: [3, 4, 5], axis: [0, 2] },
    { shape: [3, 4, 5, 2], axis: [1, 3] },
    { shape: [2, 1, 5, 1, 3], axis: [1, 2, 3] },
    { shape: [13], axis: [0] },
    { shape: [100_001], axis: [0] },
    { shape: [2, 3], axis: [] },
    { shape: [70, 200, 4], axis: [0, 1] },
    { shape: [2, 3000, 20], axis: [1] },
    { shape: [300, 1, 257], axis: [0] },
    { shape: [3, 5, 2049], axis: [1] },
    { shape: [], axis: [] },
  ])('%j', async ({ shape, axis }) => {
    const x = randomValues(shape)
    for (const keepDims of [false, true]) {
      for (const name of ['Sum', 'Mean', 'Min']) await expectLikeCpu(name, { x }, { axis, keepDims })
      await expectLikeCpu('Max', { x }, { reductionIndices: axis, keepDims })
    }
    // Values near one, whose product of many stays a number.
    const near = { shape, data: x.data.map((v) => 1 + v / 100) }
    await expectLikeCpu('Prod', { x: near }, { axis, keepDims: false })
  })

  test('an index of the first largest and smallest', async () => {
    for (const shape of [[7], [5, 9], [4, 300, 3], [2, 3, 4, 5]]) {
      const x = { shape, data: randomValues(shape).data.map((v) => Math.round(v * 3)) }
      for (let axis = 0; axis < shape.length; axis++) {
        await expectLikeCpu('ArgMax', { x }, { axis })
        await expectLikeCpu('ArgMin', { x }, { axis })
      }
    }
  })

  test('NaN shows in sums, maxima and minima', async () => {
    const data = Float32Array.from({ length: 200 }, () => random.uniform())
    data[150] = Number.NaN
    const x = { shape: [2, 100], data }
    for (const [name, attrs] of [
      ['Sum', { axis: [1] }],
      ['Min', { axis: [1] }],
      ['Max', { reductionIndices: [1] }],
    ] as const) {
      const { data: out } = await runOn('native', name, { x }, attrs)
      expect([Number.isNaN(out[0]), Number.isNaN(out[1])], name).toEqual([false, true])
    }
  })

  test('a sum of many small parts keeps its accuracy', async () => {
    const x = { shape: [2 ** 22], data: new Float32Array(2 ** 22).fill(0.1) }
    const { data } = await runOn('native', 'Sum', { x }, { axis: [0] })
    expect(data[0]! / (2 ** 22 * Math.fround(0.1))).toBeCloseTo(1, 7)
  })

  test('no elements: zero, NaN and the infinities, as on cpu', async () => {
    const x = { shape: [2, 0, 3], data: new Float32Array(0) }
    expect([...(await runOn('native', 'Sum', { x }, { axis: [1] })).data]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...(await runOn('native', 'Prod', { x }, { axis: [1] })).data]).toEqual([1, 1, 1, 1, 1, 1])
    expect((await runOn('native', 'Sum', { x }, { axis: [0] })).data).toHaveLength(0)
  })

  test('any and all', async () => {
    await tf.setBackend('native')
    const flags = Uint8Array.from({ length: 60 }, () => (random.uniform() < 0.7 ? 1 : 0))
    for (const axis of [0, 1, 2]) {
      const on = async (backend: string) => {
        await tf.setBackend(backend)
        return tf.tidy(() => {
          const x = tf.tensor(flags, [3, 4, 5], 'bool')
          return [[...tf.any(x, axis).dataSync()], [...tf.all(x, axis).dataSync()]]
        })
      }
      expect(await on('native')).toEqual(await on('cpu'))
    }
  })

  test.each([
    { shape: [5, 10], scale: 3 },
    { shape: [1, 1], scale: 1 },
    { shape: [3, 2, 33], scale: 200 },
  ])('softmax and cross-entropy of %j', async ({ shape, scale }) => {
    const logits: Values = { shape, data: randomValues(shape).data.map((v) => v * scale) }
    await expectLikeCpu('Softmax', { logits }, { dim: shape.length - 1 }, 1e-6)
    const targets = { shape, data: randomValues(shape).data.map((v) => (v + 1) / 2) }
    const classes = shape.at(-1)!
    const rows = logits.data.length / classes
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
    const outputs = tf.tidy(() => {
      const inputs = { logits: tf.tensor(logits.data, shape), targets: tf.tensor(targets.data, shape) }
      return (tf.engine().runKernel('SoftmaxCrossEntropy', inputs, {}) as unknown as tf.Tensor[]).map((o) =>
        o.dataSync(),
      )
    })
    expect(relativeError(outputs[0]!, losses)).toBeLessThan(2e-6)
    expect(relativeError(outputs[1]!, residual)).toBeLessThan(2e-6)
  })

  test('a NaN or infinite logit shows as NaN, and a class of probability zero does not', async () => {
    await tf.setBackend('native')
    const [losses, residual] = tf.tidy(() => {
      const logits = tf.tensor2d([Number.NaN, 1, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 1], [3, 2])
      const targets = tf.tensor2d([0, 1, 0, 1, 0, 1], [3, 2])
      const outputs = tf.engine().runKernel('SoftmaxCrossEntropy', { logits, targets }, {}) as unknown as tf.Tensor[]
      return outputs.map((output) => [...output.dataSync()])
    })
    expect(losses).toEqual([Number.NaN, Number.NaN, 0])
    expect(residual!.slice(4)).toEqual([0, 0])
  })
})
