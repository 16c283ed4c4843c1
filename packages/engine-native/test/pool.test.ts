import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { nativeThreads } from '../src/index.ts'
import { expectLikeCpu, nativeIsThere, randomValues, runOn } from './compare.ts'

interface Attrs {
  filterSize: [number, number]
  strides: [number, number]
  pad: 'same' | 'valid' | number
  dimRoundingMode?: 'floor'
}

const pooledShape = (shape: number[], { filterSize, strides, pad }: Attrs) =>
  tf.backend_util.computePool2DInfo(shape as never, filterSize, strides, 1, pad, 'floor').outShape

describe.runIf(nativeIsThere())('native pools', () => {
  test.each([
    { shape: [2, 6, 6, 3], filterSize: [2, 2], strides: [2, 2], pad: 'valid' },
    { shape: [1, 7, 5, 8], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
    { shape: [3, 7, 8, 5], filterSize: [3, 2], strides: [1, 2], pad: 'same' },
    { shape: [2, 7, 8, 5], filterSize: [2, 4], strides: [1, 1], pad: 'same' },
    { shape: [2, 5, 5, 4], filterSize: [1, 1], strides: [2, 2], pad: 'valid' },
    { shape: [2, 9, 9, 1], filterSize: [2, 2], strides: [3, 3], pad: 'valid' },
    { shape: [2, 6, 6, 6], filterSize: [3, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' },
    { shape: [1, 6, 6, 150], filterSize: [3, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' },
    { shape: [5, 20, 20, 33], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
    { shape: [1, 9, 7, 37], filterSize: [3, 3], strides: [1, 1], pad: 1, dimRoundingMode: 'floor' },
    { shape: [3, 20, 17, 16], filterSize: [3, 3], strides: [1, 1], pad: 1, dimRoundingMode: 'floor' },
    { shape: [2, 5, 6, 3], filterSize: [3, 3], strides: [1, 1], pad: 2, dimRoundingMode: 'floor' },
    { shape: [3, 18, 19, 21], filterSize: [2, 2], strides: [1, 1], pad: 'valid' },
    { shape: [2, 1, 1, 4], filterSize: [3, 3], strides: [1, 1], pad: 'same' },
  ])('%j', async ({ shape, ...rest }) => {
    const attrs = rest as Attrs
    // All negative, too: where a kernel that starts its maximum above −∞ goes wrong.
    for (const shift of [0, -2]) {
      const x = { shape, data: randomValues(shape).data.map((v) => v + shift) }
      // Equal values: only the first of a window's largest may get the gradient.
      for (let i = 0; i < x.data.length; i += 3) x.data[i] = shift
      const dy = randomValues(pooledShape(shape, attrs))
      await expectLikeCpu('MaxPool', { x }, attrs)
      await expectLikeCpu('AvgPool', { x }, attrs)
      const output = await runOn('cpu', 'MaxPool', { x }, attrs)
      await expectLikeCpu('MaxPoolGrad', { dy, input: x, output }, attrs)
      // Where windows stick out, the cpu backend divides the gradient by too much; see the next test.
      if (attrs.pad === 'valid') await expectLikeCpu('AvgPoolGrad', { dy, input: x }, attrs)
    }
  })

  test.each([
    { shape: [1, 5, 5, 2], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
    { shape: [2, 6, 5, 37], filterSize: [2, 2], strides: [1, 1], pad: 'same' },
    { shape: [1, 6, 6, 3], filterSize: [3, 3], strides: [2, 2], pad: 1 },
  ])('an average pool has the gradient of what it computes: %j', async ({ shape, ...rest }) => {
    const attrs = { ...(rest as Attrs), dimRoundingMode: 'floor' }
    const [x, dy] = [randomValues(shape), randomValues(pooledShape(shape, attrs as Attrs))]
    const y = await runOn('native', 'AvgPool', { x }, attrs)
    const dx = await runOn('native', 'AvgPoolGrad', { dy, input: x }, attrs)
    // The pool is linear: ⟨dy, pool(x)⟩ = ⟨dx, x⟩.
    const dot = (p: Float32Array, q: Float32Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0)
    expect(dot(dx.data, x.data)).toBeCloseTo(dot(dy.data, y.data), 5)
  })

  test('NaN is passed over, as on cpu', async () => {
    const x = { shape: [1, 2, 2, 1], data: Float32Array.of(1, Number.NaN, 3, 2) }
    const attrs = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' }
    expect([...(await runOn('native', 'MaxPool', { x }, attrs)).data]).toEqual([3])
    const sliding = { ...attrs, strides: [1, 1] }
    expect([...(await runOn('native', 'MaxPool', { x }, sliding)).data]).toEqual([3])
  })

  test('a sliding max pool gives each gradient to one element, whatever the number of threads', async () => {
    const attrs = { filterSize: [3, 3], strides: [1, 1], pad: 1, dimRoundingMode: 'floor' }
    // Few values, so that most windows have several largest elements.
    const x = { shape: [2, 40, 41, 20], data: randomValues([2, 40, 41, 20]).data.map((v) => Math.round(v * 2)) }
    const dy = randomValues(x.shape)
    const threads = nativeThreads()
    const gradients: Float32Array[] = []
    for (const count of [1, 2, 5]) {
      nativeThreads(count)
      gradients.push((await runOn('native', 'MaxPoolGrad', { dy, input: x, output: x }, attrs)).data)
    }
    nativeThreads(threads)
    expect(gradients[1]).toEqual(gradients[0])
    expect(gradients[2]).toEqual(gradients[0])
    const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0)
    expect(sum(gradients[0]!)).toBeCloseTo(sum(dy.data), 2)
  })
})
