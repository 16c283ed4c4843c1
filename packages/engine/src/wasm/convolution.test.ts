import { beforeAll, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { createRandom, expectLikeCpu, randomValues, runOn } from './test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
})

type Pad = 'valid' | 'same' | number | [[number, number], [number, number], [number, number], [number, number]]

interface Case {
  batch: number
  h: number
  w: number
  ci: number
  co: number
  kh: number
  kw: number
  strides: [number, number]
  pad: Pad
}

const fixed: Case[] = [
  { batch: 1, h: 1, w: 1, ci: 1, co: 1, kh: 1, kw: 1, strides: [1, 1], pad: 'valid' },
  { batch: 3, h: 9, w: 7, ci: 1, co: 8, kh: 5, kw: 5, strides: [1, 1], pad: 2 },
  { batch: 2, h: 8, w: 8, ci: 8, co: 16, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 2, h: 7, w: 9, ci: 16, co: 9, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 2, h: 7, w: 6, ci: 5, co: 3, kh: 2, kw: 4, strides: [1, 1], pad: 'same' },
  { batch: 2, h: 7, w: 6, ci: 3, co: 10, kh: 4, kw: 2, strides: [2, 1], pad: 'same' },
  { batch: 1, h: 8, w: 8, ci: 4, co: 6, kh: 1, kw: 1, strides: [2, 2], pad: 'valid' },
  { batch: 2, h: 9, w: 9, ci: 4, co: 6, kh: 1, kw: 1, strides: [3, 2], pad: 'valid' },
  { batch: 2, h: 10, w: 10, ci: 3, co: 4, kh: 2, kw: 2, strides: [3, 3], pad: 'valid' },
  {
    batch: 2,
    h: 6,
    w: 5,
    ci: 3,
    co: 4,
    kh: 3,
    kw: 3,
    strides: [2, 2],
    pad: [
      [0, 0],
      [0, 2],
      [2, 1],
      [0, 0],
    ],
  },
  { batch: 1, h: 5, w: 5, ci: 130, co: 17, kh: 3, kw: 3, strides: [1, 1], pad: 1 },
  { batch: 300, h: 2, w: 2, ci: 12, co: 20, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 49, h: 2, w: 2, ci: 20, co: 17, kh: 3, kw: 3, strides: [1, 1], pad: 1 },
  { batch: 50, h: 4, w: 3, ci: 16, co: 18, kh: 3, kw: 3, strides: [2, 2], pad: 'same' },
  { batch: 51, h: 4, w: 4, ci: 19, co: 24, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 64, h: 5, w: 4, ci: 17, co: 16, kh: 5, kw: 4, strides: [1, 2], pad: 'same' },
  { batch: 48, h: 7, w: 7, ci: 16, co: 8, kh: 3, kw: 3, strides: [1, 1], pad: 1 },
  {
    batch: 48,
    h: 7,
    w: 5,
    ci: 16,
    co: 16,
    kh: 5,
    kw: 5,
    strides: [2, 1],
    pad: [
      [0, 0],
      [2, 3],
      [1, 2],
      [0, 0],
    ],
  },
  { batch: 100, h: 1, w: 1, ci: 70, co: 65, kh: 3, kw: 3, strides: [1, 1], pad: 1 },
  { batch: 100, h: 2, w: 2, ci: 33, co: 16, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 7, h: 130, w: 130, ci: 3, co: 4, kh: 3, kw: 3, strides: [2, 2], pad: 1 },
  { batch: 7, h: 1, w: 1, ci: 64, co: 33, kh: 3, kw: 3, strides: [1, 1], pad: 1 },
  { batch: 2, h: 14, w: 14, ci: 1, co: 16, kh: 7, kw: 7, strides: [2, 2], pad: 3 },
]

const random = createRandom(7)
const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!
const drawn = Array.from({ length: 40 }, (): Case => {
  // No number pads here: TF.js sizes both axes by the kernel's height then, which is wrong unless it is square.
  const [kh, kw] = [pick(1, 2, 3, 4, 5), pick(1, 2, 3, 5)]
  // Number pads are left to the square cases above: TF.js sizes both axes by the kernel's height there.
  return {
    batch: pick(1, 2, 5),
    h: kh + Math.floor(random() * 9),
    w: kw + Math.floor(random() * 9),
    ci: pick(1, 2, 3, 4, 7, 8, 13),
    co: pick(1, 2, 4, 5, 8, 10, 11, 16, 19),
    kh,
    kw,
    strides: [pick(1, 1, 2, 3), pick(1, 1, 2, 3)],
    pad: pick<Pad>('valid', 'same', [
      [0, 0],
      [pick(0, 1), pick(0, 2)],
      [pick(0, 1), pick(0, 2)],
      [0, 0],
    ]),
  }
})

const outputSize = (size: number, kernel: number, stride: number, pad: Pad, axis: 1 | 2) => {
  if (pad === 'same') return Math.ceil(size / stride)
  const padding = pad === 'valid' ? 0 : typeof pad === 'number' ? 2 * pad : pad[axis][0] + pad[axis][1]
  return Math.floor((size + padding - kernel) / stride) + 1
}

test.each([...fixed, ...drawn])('convolution and both gradients: %j', async (shape) => {
  const { batch, h, w, ci, co, kh, kw, strides, pad } = shape
  const x = randomValues(random, [batch, h, w, ci])
  const filter = randomValues(random, [kh, kw, ci, co])
  const out = [batch, outputSize(h, kh, strides[0], pad, 1), outputSize(w, kw, strides[1], pad, 2), co]
  const dy = randomValues(random, out)
  // Explicit pads need no rounding mode; numbers do where the stride does not divide.
  const attrs = { strides, pad, dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' }
  await expectLikeCpu('Conv2D', { x, filter }, attrs)
  await expectLikeCpu('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape })
  await expectLikeCpu('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape })
  const bias = randomValues(random, [co])
  for (const activation of ['linear', 'relu']) {
    await expectLikeCpu('FusedConv2D', { x, filter, bias }, { ...attrs, activation })
  }
})

test.each([
  { dilations: [2, 2], pad: 'valid' },
  { dilations: [2, 3], pad: 'same' },
  { dilations: [1, 2], pad: 2 },
])('dilated convolution: %j', async ({ dilations, pad }) => {
  const x = randomValues(random, [2, 11, 13, 6])
  const filter = randomValues(random, [3, 3, 6, 9])
  await expectLikeCpu('Conv2D', { x, filter }, { strides: [1, 1], pad, dataFormat: 'NHWC', dilations })
})

test('the other activations stay with TF.js', async () => {
  const x = randomValues(random, [2, 5, 5, 3])
  const filter = randomValues(random, [3, 3, 3, 4])
  const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], activation: 'relu6' }
  await expectLikeCpu('FusedConv2D', { x, filter }, attrs)
})

test.each([
  [[1], [1], 1, 1, 1],
  [[1], [1], 5, 7, 3],
  [[3], [3], 13, 33, 10],
  [[1], [4], 6, 5, 9],
  [[4], [1], 6, 5, 9],
  [[2, 3], [2, 3], 4, 8, 16],
  [[1], [1], 70, 600, 24],
  [[], [], 65, 129, 17],
] as const)('matrix products %j × %j, %i·%i·%i', async (aBatch, bBatch, m, k, n) => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const a = randomValues(random, [...aBatch, ...(transposeA ? [k, m] : [m, k])])
      const b = randomValues(random, [...bBatch, ...(transposeB ? [n, k] : [k, n])])
      if (aBatch.length > 0) await expectLikeCpu('BatchMatMul', { a, b }, { transposeA, transposeB })
      if (aBatch.length === 1) {
        const bias = randomValues(random, [n])
        await expectLikeCpu('_FusedMatMul', { a, b, bias }, { transposeA, transposeB, activation: 'relu' })
      }
    }
  }
})

test('a long sum keeps its digits: filter gradient over 200 000 pixels', async () => {
  const x = randomValues(random, [64, 56, 56, 1], 1, 1)
  const dy = randomValues(random, [64, 56, 56, 1], 1, 1)
  const { outputs } = await runOn(
    'wasm',
    'Conv2DBackpropFilter',
    { x, dy },
    { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', filterShape: [1, 1, 1, 1] },
  )
  let exact = 0
  for (let i = 0; i < x.data.length; i++) exact += x.data[i]! * dy.data[i]!
  expect(Math.abs(outputs[0]![0]! / exact - 1)).toBeLessThan(1e-5)
})
