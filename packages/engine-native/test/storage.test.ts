import * as tf from '@tricklab/core/tf'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { NativeBackend } from '../src/backend.ts'
import { nativePrecision } from '../src/index.ts'
import { nativeIsThere, randomValues, relativeError, type Values } from './compare.ts'
import { halvesOf, rounded, stored } from './stored.ts'

const backend = () => tf.backend() as NativeBackend
const storageOf = (x: tf.Tensor) => backend().storage(x)

describe.runIf(nativeIsThere())('tensors stored as bf16', () => {
  beforeEach(async () => {
    await tf.setBackend('native')
  })
  afterAll(() => nativePrecision('float32'))

  test('round to the nearest, to the even one of two; infinities and NaN pass', () => {
    const step = 2 ** -7
    const cases = [
      [1, 1],
      [1 + step / 4, 1],
      [1 + step / 2, 1],
      [1 + (3 * step) / 2, 1 + 2 * step],
      [1 + step / 2 + 2 ** -20, 1 + step],
      [-1 - (3 * step) / 4, -1 - step],
      [3.4e38, Number.POSITIVE_INFINITY],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.NaN, Number.NaN],
      [0, 0],
      [-0, -0],
      [2 ** -133, 2 ** -133],
    ] as const
    const x = stored({ shape: [cases.length], data: Float32Array.from(cases, ([value]) => value) })
    expect([...x.dataSync()]).toEqual(cases.map(([, value]) => value))
    x.dispose()
  })

  test('take half the memory, and give it back with what was made of them', () => {
    const live = () => backend().pool.statistics().live
    const before = live()
    const x = stored(randomValues([64, 64]))
    expect(live() - before).toBe(64 * 64 * 2)
    expect(tf.memory()).toMatchObject({ nativeLiveBytes: live() })
    const view = tf.reshape(x, [4096])
    // A kernel that knows floats alone.
    tf.exp(x).dispose()
    expect(live() - before).toBe(64 * 64 * 6)
    x.dispose()
    expect(live() - before).toBe(64 * 64 * 6)
    view.dispose()
    expect(live()).toBe(before)
  })

  test('read, clone, cast, reshape, slice and move as float32', async () => {
    const values = randomValues([5, 7])
    const expected = [...rounded(values).data]
    const x = stored(values)
    expect([x.dtype, storageOf(x)]).toEqual(['float32', 'bf16'])
    const made = [x.clone(), tf.cast(x, 'float32'), tf.reshape(x, [7, 5]), tf.slice(x, 0, 5), tf.sub(x, 0)]
    for (const one of made) expect([...one.dataSync()]).toEqual(expected)
    expect([...(await x.data())]).toEqual(expected)
    // The result of a kernel of the cpu backend.
    const sums = tf.cumsum(x, 1)
    expect(sums.dataSync()[1]).toBeCloseTo(expected[0]! + expected[1]!, 6)
    tf.dispose([x, sums])
    await tf.setBackend('cpu')
    expect([...tf.tidy(() => tf.add(made[0]!, 0).dataSync())]).toEqual(expected)
    await tf.setBackend('native')
    tf.dispose(made)
  })

  test('what was read is not overwritten by later kernels', () => {
    const values = randomValues([33])
    const x = stored(values)
    const read = x.dataSync()
    x.dispose()
    for (let i = 0; i < 20; i++) stored(randomValues([33])).dispose()
    expect(read).toEqual(rounded(values).data)
  })

  test('10,000 steps leave nothing behind', () => {
    const step = () => tf.tidy(() => tf.sum(tf.relu(tf.add(stored(image), stored(image)))).dataSync()[0])
    const image = randomValues([2, 3, 3, 8])
    const first = step()
    const before = [tf.memory().numDataBuffers, backend().pool.statistics().live]
    for (let i = 0; i < 10_000; i++) step()
    expect(step()).toBe(first)
    expect([tf.memory().numDataBuffers, backend().pool.statistics().live]).toEqual(before)
  })

  const image = randomValues([2, 9, 8, 37])
  const other = randomValues([2, 9, 8, 37])
  const channels = [37]
  const [gamma, beta] = [randomValues(channels), randomValues(channels)]
  const stats = { shape: [2, 37], data: randomValues([74]).data.map((v) => v * v + 0.1) }
  const [mean, variance] = [gamma, { shape: channels, data: stats.data.slice(0, 37) }]
  const pool = { filterSize: [3, 3], pad: 'same', dimRoundingMode: 'floor' }
  const blur = { taps: [0.25, 0.5, 0.25], stride: 2, padding: [1, 1], border: 'reflect' }
  const small = { shape: [2, 5, 4, 37], data: randomValues([2, 5, 4, 37]).data }
  const dense = { ...pool, strides: [1, 1] }
  const strided = { ...pool, strides: [2, 2] }
  const norms = (['linear', 'relu', 'mish'] as const).flatMap((activation) => {
    const attrs = { epsilon: 1e-5, activation: { name: activation } }
    return [
      ['BatchNormTrain', { x: image }, { gamma, beta }, attrs, 1],
      ['BatchNormTrainGrad', { dy: other, x: image }, { gamma, beta, stats }, attrs, 1],
      ['BatchNormEval', { x: image }, { gamma, beta, mean, variance }, attrs, 1],
    ] as const
  })

  const filter = { shape: [3, 3, 37, 1], data: randomValues([3, 3, 37, 1]).data }
  const window = { strides: [1, 1], dilations: [1, 1], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: 'floor' }
  const wide = { shape: [2, 9, 8, 36], data: randomValues([2, 9, 8, 36]).data }
  const grouped = { groups: 4, sources: [1, 0, 3, 3], stride: 1, padding: [1, 1, 1, 1] }
  const groups = { shape: [3, 3, 9, 36], data: randomValues([3, 3, 9, 36]).data }

  /** Kernels, their images, their other inputs, attributes, and how many of their outputs are images. */
  const kernels = [
    ...norms,
    ['FusedBatchNorm', { x: image }, { scale: gamma, offset: beta, mean, variance }, { varianceEpsilon: 1e-5 }, 1],
    ['Add', { a: image, b: other }, {}, {}, 1],
    ['AddRelu', { a: image, b: other }, {}, {}, 1],
    ['ReluGrad', { dy: image, y: other }, {}, {}, 1],
    ['AddN', { 0: image, 1: other, 2: image }, {}, {}, 1],
    ['Relu', { x: image }, {}, {}, 1],
    ['LeakyReluOffset', { x: image }, {}, { alpha: 0.1, offset: 0.4 }, 1],
    ['LeakyReluOffsetGrad', { dy: other, x: image }, {}, { alpha: 0.1 }, 1],
    ['Mish', { x: image }, {}, {}, 1],
    ['MishGrad', { dy: other, x: image }, {}, {}, 1],
    ['Swish', { x: image }, {}, {}, 1],
    ['SwishGrad', { dy: other, x: image }, {}, {}, 1],
    ['MaxPool', { x: image }, {}, dense, 1],
    ['MaxPool', { x: image }, {}, strided, 1],
    ['MaxPoolGrad', { dy: other, input: image }, {}, dense, 1],
    ['MaxPoolGrad', { dy: small, input: image }, {}, strided, 1],
    ['AvgPool', { x: image }, {}, strided, 1],
    ['AvgPoolGrad', { dy: small, input: image }, {}, strided, 1],
    ['BlurPool', { x: image }, {}, blur, 1],
    ['DepthwiseConv2dNative', { x: image }, { filter }, window, 1],
    ['DepthwiseConv2dNativeBackpropInput', { dy: other }, { filter }, { ...window, inputShape: image.shape }, 1],
    ['DepthwiseConv2dNativeBackpropFilter', { x: image, dy: other }, {}, { ...window, filterShape: filter.shape }, 0],
    ['GroupedConv2D', { x: wide }, { filter: groups }, grouped, 1],
    ['GroupedConv2DBackpropInput', { dy: wide }, { filter: groups }, { ...grouped, height: 9, width: 8 }, 1],
    ['GroupedConv2DBackpropFilter', { x: wide, dy: wide }, {}, { ...grouped, filterHeight: 3, filterWidth: 3 }, 0],
    ['BlurPoolGrad', { dy: small }, {}, { ...blur, height: 9, width: 8 }, 1],
  ] as const

  /** Runs a kernel on images that are stored so; the others are float32. */
  function run(
    name: string,
    images: Record<string, Values>,
    others: Record<string, Values>,
    attrs: object,
    half: boolean,
  ) {
    return tf.tidy(() => {
      const make = half ? stored : (v: Values) => tf.tensor(rounded(v).data, v.shape)
      const inputs = {
        ...Object.fromEntries(Object.entries(images).map(([key, v]) => [key, make(v)])),
        ...Object.fromEntries(Object.entries(others).map(([key, v]) => [key, tf.tensor(v.data, v.shape)])),
      }
      const outputs = [tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor].flat()
      return outputs.map((one) => ({ storage: storageOf(one), data: one.dataSync() as Float32Array }))
    })
  }

  test.each(kernels)(
    '%s keeps the format of its images, and rounds what it computes once',
    (name, images, others, attrs, count) => {
      const exact = run(name, images as never, others as never, attrs, false)
      const ours = run(name, images as never, others as never, attrs, true)
      expect(run(name, images as never, others as never, attrs, true)).toEqual(ours)
      for (const [i, { storage, data }] of ours.entries()) {
        const isImage = i < count
        expect(storage).toBe(isImage ? 'bf16' : 'float32')
        if (!isImage) expect(relativeError(data, exact[i]!.data)).toBeLessThan(1e-5)
        else expect(differences(halvesOf(data), halvesOf(exact[i]!.data))).toBeLessThan(1e-3 * data.length)
      }
    },
  )

  test.each(kernels)('%s passes infinities and NaN on', (name, images, others, attrs) => {
    const spoilt = (values: Values) => {
      const data = values.data.slice()
      data[5] = Number.NaN
      data[data.length - 3] = Number.POSITIVE_INFINITY
      return { ...values, data }
    }
    const [first] = Object.keys(images) as [string]
    const broken = { ...images, [first]: spoilt((images as Record<string, Values>)[first]!) }
    const kind = (v: number) => (Number.isNaN(v) ? 'NaN' : Number.isFinite(v) ? 'finite' : `${v}`)
    const [exact] = run(name, broken as never, others as never, attrs, false)
    const [ours] = run(name, broken as never, others as never, attrs, true)
    expect(Array.from(ours!.data, kind)).toEqual(Array.from(exact!.data, kind))
  })

  test('a gradient in float32 meets an image in bf16', () => {
    tf.tidy(() => {
      const y = stored(image)
      const dy = tf.tensor(other.data, other.shape)
      const dx = tf.engine().runKernel('ReluGrad', { dy, y } as never) as unknown as tf.Tensor
      expect(storageOf(dx)).toBe('bf16')
      expect(dx.dataSync()).toEqual(rounded(other).data.map((v, i) => (rounded(image).data[i]! > 0 ? v : 0)))
      expect(storageOf(tf.add(dy, y))).toBe('float32')
    })
  })
})

/** How many numbers differ; by more than a unit in the last place is too much. */
function differences(actual: Uint16Array, expected: Uint16Array): number {
  expect(actual.length).toBe(expected.length)
  let count = 0
  for (let i = 0; i < actual.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!)
    if (distance > 1) throw new Error(`number ${i}: ${actual[i]} instead of ${expected[i]}`)
    count += distance
  }
  return count
}
