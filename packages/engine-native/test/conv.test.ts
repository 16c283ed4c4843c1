import { createRng } from '@tricklab/core'
import { afterEach, describe, expect, test } from 'vitest'
import { hasNativePrecision, nativePrecision, nativeProvider, nativeProviders, nativeThreads } from '../src/index.ts'
import { expectLikeCpu, nativeIsThere, randomValues, relativeError, runOn } from './compare.ts'

type Pair = [number, number]
type Pad = 'valid' | 'same' | number | [Pair, Pair, Pair, Pair]

interface Case {
  batch: number
  h: number
  w: number
  ci: number
  co: number
  kh: number
  kw: number
  strides: Pair
  pad: Pad
}

const explicit = (top: number, bottom: number, left: number, right: number): Pad => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
]

const shape = (
  [batch, h, w, ci]: [number, number, number, number],
  [kh, kw, co]: [number, number, number],
  strides: Pair,
  pad: Pad,
): Case => ({ batch, h, w, ci, co, kh, kw, strides, pad })

const fixed: Case[] = [
  shape([1, 1, 1, 1], [1, 1, 1], [1, 1], 'valid'),
  shape([3, 9, 7, 1], [5, 5, 8], [1, 1], 2),
  shape([2, 8, 8, 8], [3, 3, 16], [2, 2], 1),
  shape([2, 7, 9, 16], [3, 3, 9], [2, 2], 1),
  shape([2, 7, 6, 5], [2, 4, 3], [1, 1], 'same'),
  shape([2, 7, 6, 3], [4, 2, 10], [2, 1], 'same'),
  shape([1, 8, 8, 4], [1, 1, 6], [2, 2], 'valid'),
  shape([2, 9, 9, 4], [1, 1, 6], [3, 2], 'valid'),
  shape([2, 10, 10, 3], [2, 2, 4], [3, 3], 'valid'),
  shape([2, 6, 5, 3], [3, 3, 4], [2, 2], explicit(0, 2, 2, 1)),
  shape([1, 5, 5, 130], [3, 3, 17], [1, 1], 1),
  shape([100, 2, 2, 12], [3, 3, 20], [2, 2], 1),
  shape([49, 2, 2, 20], [3, 3, 17], [1, 1], 1),
  shape([50, 4, 3, 16], [3, 3, 18], [2, 2], 'same'),
  shape([64, 5, 4, 17], [5, 4, 16], [1, 2], 'same'),
  shape([48, 7, 5, 16], [5, 5, 16], [2, 1], explicit(2, 3, 1, 2)),
  shape([100, 1, 1, 70], [3, 3, 65], [1, 1], 1),
  shape([2, 65, 66, 3], [3, 3, 4], [2, 2], 1),
  shape([2, 14, 14, 1], [7, 7, 16], [2, 2], 3),
  shape([2, 3, 3, 40], [1, 1, 100], [1, 1], 'same'),
]

const random = createRng(11).at('cases')
const pick = <T>(...values: T[]): T => values[random.integer(values.length)]!
const drawn = Array.from({ length: 40 }, (): Case => {
  // Number pads are left to the square cases above: TF.js sizes both axes by the kernel's height there.
  const [kh, kw] = [pick(1, 2, 3, 4, 5), pick(1, 2, 3, 5)]
  return shape(
    [pick(1, 2, 5), kh + random.integer(9), kw + random.integer(9), pick(1, 2, 3, 4, 7, 8, 13)],
    [kh, kw, pick(1, 2, 4, 5, 8, 10, 11, 16, 19, 33)],
    [pick(1, 1, 2, 3), pick(1, 1, 2, 3)],
    pick<Pad>('valid', 'same', explicit(pick(0, 1), pick(0, 2), pick(0, 1), pick(0, 2))),
  )
})

const outputSize = (size: number, kernel: number, stride: number, pad: Pad, axis: 1 | 2) => {
  if (pad === 'same') return Math.ceil(size / stride)
  const padding = pad === 'valid' ? 0 : typeof pad === 'number' ? 2 * pad : pad[axis][0] + pad[axis][1]
  return Math.floor((size + padding - kernel) / stride) + 1
}

const there = nativeIsThere()
const providers = there ? nativeProviders() : []

afterEach(() => {
  if (!there) return
  nativePrecision('float32')
  nativeProvider('auto')
})

/** A case's tensors and attributes. */
function tensorsOf({ batch, h, w, ci, co, kh, kw, strides, pad }: Case) {
  const x = randomValues([batch, h, w, ci])
  const filter = randomValues([kh, kw, ci, co])
  const dy = randomValues([batch, outputSize(h, kh, strides[0], pad, 1), outputSize(w, kw, strides[1], pad, 2), co])
  // Explicit pads need no rounding mode; numbers do where the stride does not divide.
  const attrs = { strides, pad, dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' }
  return { x, filter, dy, attrs, bias: randomValues([co]) }
}

describe.skipIf(!there).each(providers)('provider %s', (provider) => {
  test.each([...fixed, ...drawn])('convolution and both gradients: %j', async (each) => {
    nativeProvider(provider)
    const { x, filter, dy, bias, attrs } = tensorsOf(each)
    await expectLikeCpu('Conv2D', { x, filter }, attrs)
    await expectLikeCpu('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape })
    await expectLikeCpu('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
    await expectLikeCpu('FusedConv2D', { x, filter, bias }, { ...attrs, activation: 'linear' })
    await expectLikeCpu('FusedConv2D', { x, filter, bias }, { ...attrs, activation: 'relu' })
  })

  test.each([
    { dilations: [2, 2], pad: 'valid' },
    { dilations: [2, 3], pad: 'same' },
    { dilations: [1, 2], pad: 2 },
  ])('dilated convolution: %j', async ({ dilations, pad }) => {
    nativeProvider(provider)
    const x = randomValues([2, 11, 13, 6])
    const filter = randomValues([3, 3, 6, 9])
    await expectLikeCpu('Conv2D', { x, filter }, { strides: [1, 1], pad, dataFormat: 'NHWC', dilations })
  })

  test.each([
    [[1], [1], 1, 1, 1],
    [[1], [1], 5, 7, 3],
    [[3], [3], 13, 33, 10],
    [[1], [4], 6, 5, 9],
    [[4], [1], 6, 5, 9],
    [[2, 3], [2, 3], 4, 8, 16],
    [[1], [1], 70, 600, 24],
    [[1], [1], 1, 300, 130],
    [[2], [2], 65, 0, 17],
    [[0], [0], 3, 4, 5],
    [[2], [2], 0, 4, 5],
  ] as const)('matrix products %j × %j, %i·%i·%i', async (aBatch, bBatch, m, k, n) => {
    nativeProvider(provider)
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const a = randomValues([...aBatch, ...(transposeA ? [k, m] : [m, k])])
        const b = randomValues([...bBatch, ...(transposeB ? [n, k] : [k, n])])
        await expectLikeCpu('BatchMatMul', { a, b }, { transposeA, transposeB })
        const bias = randomValues([n])
        for (const activation of ['linear', 'relu', 'elu']) {
          await expectLikeCpu('_FusedMatMul', { a, b, bias }, { transposeA, transposeB, activation })
        }
      }
    }
  })

  test('not a number and infinity are passed on, and stay where they belong', async () => {
    nativeProvider(provider)
    const x = randomValues([2, 6, 6, 5])
    const filter = randomValues([3, 3, 5, 7])
    x.data[0] = Number.NaN
    x.data[x.data.length - 1] = Number.POSITIVE_INFINITY
    const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], activation: 'relu' }
    const { data } = await runOn('native', 'FusedConv2D', { x, filter, bias: randomValues([7]) }, attrs)
    const finite = (image: number, row: number, column: number) =>
      data
        .subarray(((image * 6 + row) * 6 + column) * 7, ((image * 6 + row) * 6 + column + 1) * 7)
        .every(Number.isFinite)
    expect(Number.isNaN(data[0])).toBe(true)
    expect([finite(0, 1, 1), finite(0, 2, 2), finite(0, 0, 2), finite(1, 3, 5)]).toEqual([false, true, true, true])
    expect(finite(1, 4, 4) && finite(1, 5, 5) && finite(1, 4, 5)).toBe(false)
  })

  test.each([1, 2, 3])('%i threads give the same bits each time', async (threads) => {
    nativeProvider(provider)
    const all = nativeThreads()
    try {
      nativeThreads(threads)
      const { x, filter, dy, attrs } = tensorsOf(shape([50, 9, 8, 20], [3, 3, 40], [2, 2], 1))
      const first = await runOn('native', 'Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
      for (let i = 0; i < 5; i++) {
        const again = await runOn('native', 'Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
        expect(again.data).toEqual(first.data)
      }
      await expectLikeCpu('Conv2D', { x, filter }, attrs)
      await expectLikeCpu('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape })
      await expectLikeCpu('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
    } finally {
      nativeThreads(all)
    }
  })
})

describe.skipIf(!there)('convolution', () => {
  test.each(['relu6', 'elu', 'sigmoid', 'prelu', 'leakyrelu'])('with activation %s', async (activation) => {
    const x = randomValues([2, 5, 5, 3])
    const filter = randomValues([3, 3, 3, 4])
    const bias = randomValues([4])
    const preluActivationWeights = randomValues([1, 1, 4])
    const attrs = {
      strides: [1, 1],
      pad: 'same',
      dataFormat: 'NHWC',
      dilations: [1, 1],
      activation,
      leakyreluAlpha: 0.1,
    }
    const prelu = activation === 'prelu' ? { preluActivationWeights } : {}
    await expectLikeCpu('FusedConv2D', { x, filter, bias, ...prelu }, attrs)
    const depthwise = randomValues([3, 3, 3, 2])
    const wide = activation === 'prelu' ? { preluActivationWeights: randomValues([1, 1, 6]) } : {}
    await expectLikeCpu('FusedDepthwiseConv2D', { x, filter: depthwise, bias: randomValues([6]), ...wide }, attrs)
  })

  test('NCHW runs as on cpu', async () => {
    const attrs = { strides: [1, 1], pad: 'valid', dataFormat: 'NCHW', dilations: [1, 1] }
    await expectLikeCpu('Conv2D', { x: randomValues([1, 3, 5, 6]), filter: randomValues([2, 3, 3, 4]) }, attrs)
  })

  test('an empty batch, and no channels, give empty results or zeros', async () => {
    const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' }
    const filter = randomValues([3, 3, 2, 4])
    const none = randomValues([0, 5, 5, 2])
    expect((await runOn('native', 'Conv2D', { x: none, filter }, attrs)).shape).toEqual([0, 5, 5, 4])
    const gradient = await runOn(
      'native',
      'Conv2DBackpropFilter',
      { x: none, dy: randomValues([0, 5, 5, 4]) },
      { ...attrs, filterShape: filter.shape },
    )
    expect([...gradient.data]).toEqual(new Array(72).fill(0))
    const depthwise = await runOn(
      'native',
      'DepthwiseConv2dNativeBackpropFilter',
      { x: none, dy: randomValues([0, 5, 5, 2]) },
      { ...attrs, filterShape: [3, 3, 2, 1] },
    )
    expect([...depthwise.data]).toEqual(new Array(18).fill(0))
  })

  test('a filter of grouped channels convolves each group', async () => {
    const attrs = { strides: [2, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' }
    const x = randomValues([2, 7, 6, 6])
    const filter = randomValues([3, 3, 2, 9])
    const dy = randomValues([2, 4, 6, 9])
    const results = await Promise.all(
      [0, 1, 2].map(async (g) => {
        const part = { x: channelsOf(x, g * 2, 2), filter: channelsOf(filter, g * 3, 3), dy: channelsOf(dy, g * 3, 3) }
        return {
          out: await runOn('cpu', 'Conv2D', { x: part.x, filter: part.filter }, attrs),
          dx: await runOn(
            'cpu',
            'Conv2DBackpropInput',
            { dy: part.dy, filter: part.filter },
            { ...attrs, inputShape: [2, 7, 6, 2] },
          ),
          dfilter: await runOn(
            'cpu',
            'Conv2DBackpropFilter',
            { x: part.x, dy: part.dy },
            { ...attrs, filterShape: [3, 3, 2, 3] },
          ),
        }
      }),
    )
    const out = await runOn('native', 'Conv2D', { x, filter }, attrs)
    const dx = await runOn('native', 'Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape })
    const dfilter = await runOn('native', 'Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
    for (const [g, reference] of results.entries()) {
      expect(relativeError(channelsOf(out, g * 3, 3).data, reference.out.data)).toBeLessThan(1e-5)
      expect(relativeError(channelsOf(dx, g * 2, 2).data, reference.dx.data)).toBeLessThan(1e-5)
      expect(relativeError(channelsOf(dfilter, g * 3, 3).data, reference.dfilter.data)).toBeLessThan(1e-5)
    }
  })

  test('a long sum keeps its digits: filter gradient over 200 000 pixels', async () => {
    const positive = (values: ReturnType<typeof randomValues>) => {
      for (let i = 0; i < values.data.length; i++) values.data[i]! += 1
      return values
    }
    const x = positive(randomValues([64, 56, 56, 1]))
    const dy = positive(randomValues([64, 56, 56, 1]))
    let exact = 0
    for (let i = 0; i < x.data.length; i++) exact += x.data[i]! * dy.data[i]!
    for (const name of ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter']) {
      const attrs = { strides: [1, 1], pad: 'valid', dilations: [1, 1], dataFormat: 'NHWC', filterShape: [1, 1, 1, 1] }
      const { data } = await runOn('native', name, { x, dy }, attrs)
      expect(Math.abs(data[0]! / exact - 1)).toBeLessThan(1e-5)
    }
  })

  test('batches are broadcast as elements are', async () => {
    // The cpu backend gets these wrong: the same matrices repeated by hand are the reference.
    const a = randomValues([2, 1, 4, 8])
    const b = randomValues([3, 8, 5])
    const repeated = (values: Float32Array, size: number, order: number[]) =>
      new Float32Array(order.flatMap((n) => [...values.subarray(n * size, (n + 1) * size)]))
    const attrs = { transposeA: false, transposeB: false }
    const { shape: outShape, data } = await runOn('native', 'BatchMatMul', { a, b }, attrs)
    const reference = await runOn(
      'cpu',
      'BatchMatMul',
      {
        a: { shape: [6, 4, 8], data: repeated(a.data, 32, [0, 0, 0, 1, 1, 1]) },
        b: { shape: [6, 8, 5], data: repeated(b.data, 40, [0, 1, 2, 0, 1, 2]) },
      },
      attrs,
    )
    expect(outShape).toEqual([2, 3, 4, 5])
    expect(relativeError(data, reference.data)).toBeLessThan(1e-5)
  })

  test('a provider that is not there is refused by name', () => {
    expect(() => nativeProvider('cudnn' as 'onednn')).toThrow("no provider 'cudnn'")
  })
})

/** Channels [from, from + count) of the last axis. */
function channelsOf({ shape: full, data }: ReturnType<typeof randomValues>, from: number, count: number) {
  const all = full.at(-1)!
  return {
    shape: [...full.slice(0, -1), count],
    data: data.filter((_, i) => i % all >= from && i % all < from + count),
  }
}

const depthwiseCases = Array.from({ length: 30 }, () => {
  const [kh, kw] = [pick(1, 2, 3, 5), pick(1, 2, 3, 4)]
  const dilated = pick(false, false, true)
  return {
    x: [pick(1, 2, 5), kh * 2 + random.integer(9), kw * 2 + random.integer(20), pick(1, 3, 8, 16, 17, 30, 40)],
    filter: [kh, kw, pick(1, 1, 1, 2, 3)],
    strides: (dilated ? [1, 1] : [pick(1, 2, 3), pick(1, 2, 3)]) as Pair,
    dilations: (dilated ? [pick(1, 2), 2] : [1, 1]) as Pair,
    pad: pick<Pad>('valid', 'same', explicit(pick(0, 1), pick(0, 2), pick(0, 1), pick(0, 2))),
  }
})

// Rows as long as what is computed together, shorter, and with a rest; windows that move by one pixel and by two.
const denseDepthwiseCases = [
  { x: [2, 9, 21, 24], filter: [3, 3, 1], pad: 'same' },
  { x: [1, 8, 19, 20], filter: [5, 5, 1], pad: 'same' },
  { x: [2, 7, 30, 17], filter: [3, 5, 2], pad: 'valid' },
  { x: [3, 6, 18, 33], filter: [5, 3, 1], pad: explicit(2, 1, 0, 2) },
  { x: [2, 4, 4, 32], filter: [5, 5, 1], pad: 'same' },
  { x: [2, 16, 16, 40], filter: [3, 3, 1], pad: 'same', stride: 2 },
  { x: [1, 15, 22, 16], filter: [5, 5, 2], pad: explicit(2, 2, 2, 2), stride: 2 },
  { x: [2, 9, 13, 17], filter: [3, 5, 1], pad: 'valid', stride: 2 },
].map(({ stride = 1, ...one }) => ({
  ...one,
  pad: one.pad as Pad,
  strides: [stride, stride] as Pair,
  dilations: [1, 1] as Pair,
}))

describe.skipIf(!there)('depthwise convolution', () => {
  test.each([...depthwiseCases, ...denseDepthwiseCases])(
    'and both gradients: %j',
    async ({ x: xShape, filter: taps, strides, dilations, pad }) => {
      const channels = xShape[3]!
      const x = randomValues(xShape)
      const filter = randomValues([taps[0]!, taps[1]!, channels, taps[2]!])
      const extent = (axis: 0 | 1) => (taps[axis]! - 1) * dilations[axis] + 1
      const dy = randomValues([
        xShape[0]!,
        outputSize(xShape[1]!, extent(0), strides[0], pad, 1),
        outputSize(xShape[2]!, extent(1), strides[1], pad, 2),
        channels * taps[2]!,
      ])
      const attrs = { strides, dilations, pad, dataFormat: 'NHWC', dimRoundingMode: 'floor' }
      await expectLikeCpu('DepthwiseConv2dNative', { x, filter }, attrs)
      const bias = randomValues([channels * taps[2]!])
      await expectLikeCpu('FusedDepthwiseConv2D', { x, filter, bias }, { ...attrs, activation: 'relu' })
      // The cpu backend's gradients leave dilation out of account: the inner product with dy is the judge.
      const toInput = { ...attrs, inputShape: x.shape }
      const toFilter = { ...attrs, filterShape: filter.shape }
      const out = await runOn('native', 'DepthwiseConv2dNative', { x, filter }, attrs)
      const dx = await runOn('native', 'DepthwiseConv2dNativeBackpropInput', { dy, filter }, toInput)
      const dfilter = await runOn('native', 'DepthwiseConv2dNativeBackpropFilter', { x, dy }, toFilter)
      const inner = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
      const both = inner(out.data, dy.data)
      const tolerance = 1e-5 * Math.sqrt(out.data.length * taps[0]! * taps[1]!)
      expect(Math.abs(inner(x.data, dx.data) - both)).toBeLessThan(tolerance)
      expect(Math.abs(inner(filter.data, dfilter.data) - both)).toBeLessThan(tolerance)
      if (dilations[0] !== 1 || dilations[1] !== 1) return
      await expectLikeCpu('DepthwiseConv2dNativeBackpropInput', { dy, filter }, toInput)
      await expectLikeCpu('DepthwiseConv2dNativeBackpropFilter', { x, dy }, toFilter)
    },
  )
})

describe.skipIf(!there || !hasNativePrecision('bf16'))('bf16', () => {
  test.each(fixed)('stays within what eight bits of mantissa allow: %j', async (each) => {
    const { x, filter, dy, attrs } = tensorsOf(each)
    for (const [name, inputs, more] of [
      ['Conv2D', { x, filter }, {}],
      ['Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }],
      ['Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }],
    ] as const) {
      nativePrecision('float32')
      const exact = await runOn('native', name, inputs, { ...attrs, ...more })
      nativePrecision('bf16')
      const ours = await runOn('native', name, inputs, { ...attrs, ...more })
      const again = await runOn('native', name, inputs, { ...attrs, ...more })
      expect(relativeError(ours.data, exact.data), name).toBeLessThan(2 ** -6)
      expect(again.data).toEqual(ours.data)
    }
  })
})
