import { readFileSync } from 'node:fs'
import * as tf from '@tricklab/core/tf'
import { beforeAll, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { type Kernels, kernelFile } from './module.ts'
import { createRandom, expectLikeCpu, randomValues, relativeError, runOn } from './test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
})

const random = createRandom(5)

/** Ids of a WebAssembly binary's sections. */
function sectionsOf(binary: Uint8Array): number[] {
  const ids: number[] = []
  let at = 8
  while (at < binary.length) {
    ids.push(binary[at++]!)
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++]!
      size |= (byte & 127) << shift
      if (byte < 128) break
    }
    at += size
  }
  return ids
}

test.each(['simd', 'relaxed'] as const)('the %s module writes nothing into the memory that it borrows', (name) => {
  const sections = sectionsOf(readFileSync(kernelFile(name)))
  // Types, imports, functions, exports and code; no memory (5), start (8), elements (9) or data (11, 12) of its own.
  expect(sections.filter((id) => id !== 0)).toEqual([1, 2, 3, 7, 10])
})

test('both builds export the same kernels', async () => {
  await prepareWasm()
  const exportsOf = (name: 'simd' | 'relaxed') =>
    WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(kernelFile(name)))).map((entry) => entry.name)
  expect(exportsOf('simd')).toEqual(exportsOf('relaxed'))
})

test('the two builds agree to rounding, and only to rounding', async () => {
  // Whichever build this runtime did not choose is run here in a memory of its own.
  const [h, c, columns] = [6, 5, 9]
  const depth = 9 * c
  const x = randomValues(random, [h * h * c]).data
  const filter = randomValues(random, [depth * columns]).data
  const run = (name: 'simd' | 'relaxed') => {
    const memory = new WebAssembly.Memory({ initial: 8 })
    const module = new WebAssembly.Module(readFileSync(kernelFile(name)))
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
    const [xAt, filterAt, outAt, packedAt, workspaceAt] = [1024, 8192, 32768, 65536, 131072] as const
    new Float32Array(memory.buffer, xAt, x.length).set(x)
    new Float32Array(memory.buffer, filterAt, filter.length).set(filter)
    kernels.packB(packedAt, depth, columns, 0, depth, filterAt, columns, 1)
    const window = [3, 3, 1, 1, 1, 1, 1, 1, h, h] as const
    const place = [outAt, h, h, 1, 0, 1, 0] as const
    kernels.convolve(xAt, 1, h, h, c, ...window, packedAt, columns, 0, 0, ...place, workspaceAt, 12)
    return new Float32Array(memory.buffer, outAt, h * h * columns).slice()
  }
  const plain = run('simd')
  expect(relativeError(run('relaxed'), plain)).toBeLessThan(1e-6)
  const ours = await runOn(
    'wasm',
    'Conv2D',
    { x: { shape: [1, h, h, c], data: x }, filter: { shape: [3, 3, c, columns], data: filter } },
    { strides: [1, 1], pad: 1, dataFormat: 'NHWC', dilations: [1, 1] },
  )
  expect(relativeError(ours.outputs[0]!, plain)).toBeLessThan(1e-6)
})

test.each([
  { shape: [2, 6, 6, 3], filterSize: [2, 2], strides: [2, 2], pad: 'valid' },
  { shape: [1, 7, 5, 8], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
  { shape: [3, 7, 8, 5], filterSize: [3, 2], strides: [1, 2], pad: 'same' },
  { shape: [2, 5, 5, 4], filterSize: [1, 1], strides: [2, 2], pad: 'valid' },
  { shape: [2, 9, 9, 1], filterSize: [2, 2], strides: [3, 3], pad: 'valid' },
  { shape: [2, 6, 6, 6], filterSize: [3, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' },
])('pools %j', async ({ shape, ...rest }) => {
  const attrs = rest as { filterSize: [number, number]; strides: [number, number]; pad: 'same' }
  // All negative: the stock gradient loses exactly these windows.
  for (const shift of [0, -2]) {
    const x = randomValues(random, shape, 1, shift)
    // Equal values: only the first of a window's largest may get the gradient.
    for (let i = 0; i < x.data.length; i += 3) x.data[i] = shift
    const out = tf.backend_util.computePool2DInfo(
      shape as never,
      attrs.filterSize,
      attrs.strides,
      1,
      attrs.pad,
      'floor',
    ).outShape
    const dy = randomValues(random, out)
    await expectLikeCpu('MaxPool', { x }, attrs)
    await expectLikeCpu('AvgPool', { x }, attrs)
    const { outputs } = await runOn('cpu', 'MaxPool', { x }, attrs)
    await expectLikeCpu('MaxPoolGrad', { dy, input: x, output: { shape: out, data: outputs[0]! } }, attrs)
    if (attrs.pad !== 'same' && (attrs.pad as unknown) !== 1)
      await expectLikeCpu('AvgPoolGrad', { dy, input: x }, attrs)
  }
})

test('an average pool with padding has the gradient of what it computes', async () => {
  const shape: [number, number, number, number] = [1, 5, 5, 2]
  const attrs = { filterSize: [3, 3], strides: [2, 2], pad: 'same' }
  const x = randomValues(random, shape)
  const dy = randomValues(random, [1, 3, 3, 2])
  const gradient = (await runOn('wasm', 'AvgPoolGrad', { dy, input: x }, attrs)).outputs[0]!
  // The pool is linear: ⟨dy, pool(e)⟩ over unit images e is the exact gradient.
  for (let i = 0; i < x.data.length; i++) {
    const unit = { shape: [...shape], data: new Float32Array(x.data.length) }
    unit.data[i] = 1
    const y = (await runOn('cpu', 'AvgPool', { x: unit }, attrs)).outputs[0]!
    expect(gradient[i]!).toBeCloseTo(
      y.reduce((sum, v, k) => sum + v * dy.data[k]!, 0),
      6,
    )
  }
})

test('the gradient of a three-dimensional pool with negative values', async () => {
  // A cube: TF.js's reference mixes up the sides of other windows.
  const shape = [2, 4, 5, 6, 3]
  const attrs = { filterSize: [2, 2, 2], strides: [2, 1, 2], pad: 'valid', dataFormat: 'NDHWC' }
  const x = randomValues(random, shape, 1, -2)
  const { shapes, outputs } = await runOn('cpu', 'MaxPool3D', { x }, attrs)
  const dy = randomValues(random, shapes[0]!)
  await expectLikeCpu('MaxPool3DGrad', { dy, input: x, output: { shape: shapes[0]!, data: outputs[0]! } }, attrs)
})

test.each([
  { x: [2, 7, 6, 5], filter: [3, 3, 5, 1], strides: [1, 1], pad: 'same', dilations: [1, 1] },
  { x: [2, 7, 6, 8], filter: [3, 2, 8, 1], strides: [2, 2], pad: 'valid', dilations: [1, 1] },
  { x: [1, 9, 8, 3], filter: [3, 3, 3, 4], strides: [2, 1], pad: 'same', dilations: [1, 1] },
])('depthwise gradients %j', async ({ x: xShape, filter: filterShape, ...attrs }) => {
  const x = randomValues(random, xShape)
  const filter = randomValues(random, filterShape)
  const { shapes } = await runOn('cpu', 'DepthwiseConv2dNative', { x, filter }, attrs)
  const dy = randomValues(random, shapes[0]!)
  await expectLikeCpu('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attrs, inputShape: xShape })
  await expectLikeCpu('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attrs, filterShape })
})

test.each([
  { x: [2, 9, 9, 4], filter: [3, 3, 4, 2], strides: [1, 1], pad: 'same', dilations: [2, 2] },
  { x: [1, 9, 12, 5], filter: [3, 2, 5, 1], strides: [1, 1], pad: 'valid', dilations: [2, 3] },
])('dilated depthwise gradients are adjoint to the convolution: %j', async (drawn) => {
  // The reference backend ignores the dilation here. Bilinearity says it all: ⟨dy, conv(x, f)⟩ = ⟨dx, x⟩ = ⟨df, f⟩.
  const { x: xShape, filter: filterShape, ...attrs } = drawn
  const [x, filter] = [randomValues(random, xShape), randomValues(random, filterShape)]
  const forward = await runOn('cpu', 'DepthwiseConv2dNative', { x, filter }, attrs)
  const dy = randomValues(random, forward.shapes[0]!)
  const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    Array.from(p, (v, i) => v * q[i]!).reduce((s, v) => s + v, 0)
  const dx = await runOn('wasm', 'DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attrs, inputShape: xShape })
  const df = await runOn('wasm', 'DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attrs, filterShape })
  const product = dot(forward.outputs[0]!, dy.data)
  expect(dot(dx.outputs[0]!, x.data)).toBeCloseTo(product, 3)
  expect(dot(df.outputs[0]!, filter.data)).toBeCloseTo(product, 3)
})

test.each([
  { shape: [6, 5], ids: [0, 3, 3, 1, -1, 0], segments: 4 },
  { shape: [4, 2, 3], ids: [1, 1, 1, 0], segments: 3 },
  { shape: [5], ids: [2, 0, 2, 1, 0], segments: 3 },
])('segment sums %j', async ({ shape, ids, segments }) => {
  const segmentIds = { shape: [ids.length], data: Int32Array.from(ids) }
  await expectLikeCpu('UnsortedSegmentSum', { x: randomValues(random, shape), segmentIds }, { numSegments: segments })
})

test.each([
  { shape: [3, 4, 5, 6], axis: [0, 1, 2] },
  { shape: [3, 4, 5, 7], axis: [1, 2] },
  { shape: [3, 4, 5], axis: [2] },
  { shape: [3, 4, 5], axis: [0, 2] },
  { shape: [2, 1, 5, 1, 3], axis: [1, 2, 3] },
  { shape: [13], axis: [0] },
  { shape: [2, 3], axis: [] },
  { shape: [70, 200, 4], axis: [0, 1] },
])('sums and means %j', async ({ shape, axis }) => {
  const x = randomValues(random, shape)
  for (const keepDims of [false, true]) {
    await expectLikeCpu('Sum', { x }, { axis, keepDims })
    await expectLikeCpu('Mean', { x }, { axis, keepDims })
  }
})

test('sums of other types stay with TF.js', async () => {
  const x = { shape: [2, 3], data: Int32Array.of(1, 2, 3, 4, 5, 6) }
  await expectLikeCpu('Sum', { x }, { axis: [1] })
})

test.each([
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
])('arithmetic of %j and %j', async (left, right) => {
  const a = randomValues(random, left, 1, 2)
  const b = randomValues(random, right, 1, 3)
  for (const name of ['Add', 'Sub', 'Multiply', 'RealDiv']) {
    await expectLikeCpu(name, { a, b }, {})
    await expectLikeCpu(name, { a: b, b: a }, {})
  }
})

test.each([
  { shape: [2, 1, 1, 5], reps: [1, 3, 4, 1] },
  { shape: [3, 1], reps: [1, 7] },
  { shape: [1, 4], reps: [6, 1] },
  { shape: [2, 3], reps: [2, 2] },
  { shape: [2, 1], reps: [3, 2] },
])('tiles %j', async ({ shape, reps }) => {
  await expectLikeCpu('Tile', { x: randomValues(random, shape) }, { reps })
})

test('a clone shares its data and outlives the original', async () => {
  await tf.setBackend('wasm')
  const original = tf.tensor([1, 2, 3])
  const copy = original.clone()
  original.dispose()
  expect([...copy.dataSync()]).toEqual([1, 2, 3])
  copy.dispose()
})
