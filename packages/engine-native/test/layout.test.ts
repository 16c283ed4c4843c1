import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { expectLikeCpu, nativeIsThere, randomValues, relativeError, runOn } from './compare.ts'

const random = createRng(47).at('layout')

/** The same on cpu and native, for operations whose inputs are not all float32. */
async function expectSame(run: () => tf.Tensor | tf.Tensor[], tolerance = 0): Promise<void> {
  const on = async (backend: string) => {
    await tf.setBackend(backend)
    return tf.tidy(() => [run()].flat().map((t) => ({ shape: t.shape, dtype: t.dtype, values: [...t.dataSync()] })))
  }
  const [ours, reference] = [await on('native'), await on('cpu')]
  const described = (outputs: typeof ours) => outputs.map(({ shape, dtype }) => ({ shape, dtype }))
  expect(described(ours)).toEqual(described(reference))
  for (const [i, { values }] of ours.entries()) {
    expect(relativeError(values, reference[i]!.values)).toBeLessThanOrEqual(tolerance)
  }
}

const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform())

describe.runIf(nativeIsThere())('native layout', () => {
  test.each([
    { shape: [3, 4], perm: [1, 0] },
    { shape: [2, 3, 4], perm: [2, 0, 1] },
    { shape: [2, 5, 6, 3], perm: [0, 3, 1, 2] },
    { shape: [2, 3, 5, 6], perm: [0, 2, 3, 1] },
    { shape: [33, 65], perm: [1, 0] },
    { shape: [2, 1, 3, 1], perm: [3, 2, 1, 0] },
    { shape: [300, 200], perm: [1, 0] },
    { shape: [2, 3, 2, 2, 3], perm: [4, 1, 3, 0, 2] },
    { shape: [0, 3], perm: [1, 0] },
    { shape: [4], perm: [0] },
  ])('transpose %j', async ({ shape, perm }) => {
    await expectLikeCpu('Transpose', { x: randomValues(shape) }, { perm })
  })

  test.each([
    { shape: [4, 5, 6], begin: [1, 0, 2], size: [2, 5, 3] },
    { shape: [4, 5, 6], begin: [1, 0, 0], size: [2, 5, 6] },
    { shape: [7], begin: [3], size: [-1] },
    { shape: [3, 3], begin: [1, 1], size: [0, 2] },
    { shape: [50, 40, 30], begin: [3, 2, 1], size: [40, 30, 28] },
  ])('slice %j', async ({ shape, begin, size }) => {
    await expectLikeCpu('Slice', { x: randomValues(shape) }, { begin, size })
  })

  test('a slice outside its tensor is refused', async () => {
    await tf.setBackend('native')
    expect(() => tf.tidy(() => tf.slice(tf.ones([3]), [2], [5]))).toThrow()
  })

  test.each([
    {
      shape: [2, 5, 6, 3],
      paddings: [
        [0, 0],
        [1, 2],
        [3, 0],
        [0, 0],
      ],
    },
    { shape: [4], paddings: [[2, 2]] },
    {
      shape: [3, 0],
      paddings: [
        [1, 1],
        [2, 0],
      ],
    },
    {
      shape: [2, 3],
      paddings: [
        [0, 0],
        [0, 0],
      ],
    },
  ])('pads %j', async ({ shape, paddings }) => {
    // biome-ignore format: one line a case
    const x = randomValues(shape)
    await expectLikeCpu('PadV2', { x }, { paddings, constantValue: 0.5 })
    const fits = paddings.every(([before, after], i) => Math.max(before!, after!) < shape[i]!)
    if (!fits) return
    await expectLikeCpu('MirrorPad', { x }, { paddings, mode: 'reflect' })
    await expectLikeCpu('MirrorPad', { x }, { paddings, mode: 'symmetric' })
  })

  test('concatenations, stacks, splits and their types', async () => {
    const values = numbers(60)
    await expectSame(() => tf.concat([tf.tensor(values, [3, 4, 5]), tf.ones([3, 2, 5])], 1))
    await expectSame(() => tf.concat([tf.tensor(values, [60]), tf.ones([0]), tf.ones([1])]))
    await expectSame(() => tf.concat([tf.tensor2d([[1, 2]], [1, 2], 'int32'), tf.tensor2d([[3]], [1, 1], 'int32')], 1))
    await expectSame(() => tf.concat([tf.tensor1d([1, 0], 'bool'), tf.tensor1d([1], 'bool')]))
    await expectSame(() => tf.stack([tf.tensor(values, [5, 12]), tf.ones([5, 12])], 1))
    await expectSame(() => tf.unstack(tf.tensor(values, [3, 4, 5]), 1))
    await expectSame(() => tf.split(tf.tensor(values, [3, 20]), [3, 7, 10], 1))
    await expectSame(() => tf.reverse(tf.tensor(values, [3, 4, 5]), [0, 2]))
    await expectSame(() => tf.reverse(tf.tensor(values, [3, 4, 5]), [-1]))
  })

  test.each([
    { shape: [2, 1, 1, 5], reps: [1, 3, 4, 1] },
    { shape: [3, 1], reps: [1, 7] },
    { shape: [1, 4], reps: [6, 1] },
    { shape: [2, 3], reps: [2, 2] },
    { shape: [2, 1], reps: [3, 2] },
    { shape: [2, 3], reps: [0, 2] },
    { shape: [500, 1], reps: [1, 100] },
  ])('tiles %j', async ({ shape, reps }) => {
    await expectLikeCpu('Tile', { x: randomValues(shape) }, { reps })
  })

  test('gathers, and an index out of range is an error', async () => {
    const values = numbers(60)
    for (const axis of [0, 1, 2, -1]) {
      await expectSame(() =>
        tf.gather(
          tf.tensor(values, [3, 4, 5]),
          tf.tensor2d(
            [
              [2, 0],
              [1, 1],
            ],
            [2, 2],
            'int32',
          ),
          axis,
        ),
      )
    }
    await expectSame(() => tf.gather(tf.tensor1d([5, 6, 7], 'int32'), tf.tensor1d([2, 2, 0], 'int32')))
    await expectSame(() => tf.gather(tf.tensor(values, [3, 4, 5]), tf.tensor2d([[0], [1], [2]], [3, 1], 'int32'), 1, 1))
    await tf.setBackend('native')
    expect(() => tf.tidy(() => tf.gather(tf.ones([3]), tf.tensor1d([3], 'int32')))).toThrow('not in [0, 2]')
  })

  test.each([
    { shape: [6, 5], ids: [0, 3, 3, 1, -1, 0], segments: 4 },
    { shape: [4, 2, 3], ids: [1, 1, 1, 0], segments: 3 },
    { shape: [5], ids: [2, 0, 2, 1, 0], segments: 3 },
  ])('segment sums %j', async ({ shape, ids, segments }) => {
    const values = numbers(shape.reduce((p, q) => p * q, 1))
    await expectSame(() => tf.unsortedSegmentSum(tf.tensor(values, shape), tf.tensor1d(ids, 'int32'), segments))
  })

  test('ranks beyond the native ones still work', async () => {
    const values = numbers(2 ** 5)
    await expectSame(() => tf.tile(tf.tensor(values, [2, 2, 2, 2, 2]), [1, 2, 1, 2, 1]))
    await expectSame(() => tf.transpose(tf.tensor(values, [2, 2, 2, 2, 2, 1]), [5, 4, 3, 2, 1, 0]))
  })

  const image = { shape: [2, 7, 6, 3], data: randomValues([2, 7, 6, 3]).data }

  test.each([{ size: [14, 12] }, { size: [3, 4] }, { size: [1, 1] }, { size: [7, 6] }, { size: [5, 13] }])(
    'resizes %j',
    async ({ size }) => {
      for (const [alignCorners, halfPixelCenters] of [
        [false, false],
        [true, false],
        [false, true],
      ]) {
        const attrs = { size, alignCorners, halfPixelCenters }
        await expectLikeCpu('ResizeBilinear', { images: image }, attrs)
        await expectLikeCpu('ResizeNearestNeighbor', { images: image }, attrs)
        // The gradient is the adjoint: ⟨dy, resize(x)⟩ = ⟨dx, x⟩. (The cpu kernel's mixes up height and width.)
        const dy = randomValues([2, size[0]!, size[1]!, 3])
        const y = await runOn('native', 'ResizeBilinear', { images: image }, attrs)
        const dx = await runOn('native', 'ResizeBilinearGrad', { images: image, dy }, attrs)
        const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
          Array.from(p, (v, i) => v * q[i]!).reduce((s, v) => s + v, 0)
        expect(dot(dx.data, image.data)).toBeCloseTo(dot(y.data, dy.data), 4)
        expect(dx.shape).toEqual(image.shape)
      }
    },
  )

  test('crops and projections', async () => {
    const boxes = Float32Array.from([
      0, 0, 1, 1, 0.2, 0.1, 0.7, 0.9, 0.9, 0.9, 0.1, 0.1, -0.5, 0, 1.5, 1, 0.3, 0.3, 0.3, 0.3,
    ])
    for (const method of ['bilinear', 'nearest'] as const) {
      for (const size of [
        [4, 5],
        [1, 3],
      ] as [number, number][]) {
        const crops = () =>
          tf.image.cropAndResize(
            tf.tensor4d(
              image.data.map((v) => Math.round(v * 8)),
              [2, 7, 6, 3],
            ),
            tf.tensor2d(boxes, [5, 4]),
            tf.tensor1d([0, 1, 0, 1, 1], 'int32'),
            size,
            method,
            0.25,
          )
        await expectSame(crops, 1e-6)
      }
    }
    const one = { shape: [1, 7, 6, 3], data: image.data.slice(0, 126) }
    const transforms = { shape: [1, 8], data: Float32Array.of(0.9, 0.2, -1.5, -0.3, 1.1, 2, 0.01, -0.02) }
    for (const interpolation of ['bilinear', 'nearest']) {
      for (const fillMode of ['constant', 'reflect', 'wrap', 'nearest']) {
        const attrs = { interpolation, fillMode, fillValue: 0.5, outputShape: [9, 8] }
        await expectLikeCpu('Transform', { image: one, transforms }, attrs)
      }
    }
  })

  test('each image of a batch has its own projection', async () => {
    const transforms = { shape: [2, 8], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0) }
    const attrs = { interpolation: 'nearest', fillMode: 'constant', fillValue: 0, outputShape: undefined }
    const { data } = await runOn('native', 'Transform', { image, transforms }, attrs)
    expect(data.subarray(0, 126)).toEqual(image.data.subarray(0, 126))
    // The second image moves one column to the left.
    expect(data.subarray(126, 126 + 15)).toEqual(image.data.subarray(126 + 3, 126 + 18))
  })
})
