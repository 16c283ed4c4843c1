import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  applyDropConnect,
  createConv2d,
  createDepthwiseConv2d,
  drawDropConnect,
  resolvePadding,
  swish,
} from '../src/index.ts'
import { contextOf } from './helpers.ts'

const cases = fc.record({
  seed: seeds,
  channels: fc.integer({ min: 1, max: 4 }),
  height: fc.integer({ min: 3, max: 8 }),
  width: fc.integer({ min: 3, max: 8 }),
  kernelSize: fc.constantFrom(1, 3, 5),
  stride: fc.constantFrom(1, 2),
  padding: fc.constantFrom('same' as const, undefined),
})

/** Every output and both gradients of a depthwise convolution, in float64 loops. */
function loops(
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  slope: (index: number) => number,
  { batch, channels, height, width, kernelSize, stride, top, left, rows, columns }: Record<string, number>,
) {
  const y = new Float64Array(batch! * rows! * columns! * channels!)
  const [dx, dfilter] = [new Float64Array(x.length), new Float64Array(filter.length)]
  for (let n = 0; n < batch!; n++)
    for (let i = 0; i < rows!; i++)
      for (let j = 0; j < columns!; j++)
        for (let c = 0; c < channels!; c++) {
          const out = ((n * rows! + i) * columns! + j) * channels! + c
          for (let u = 0; u < kernelSize!; u++)
            for (let v = 0; v < kernelSize!; v++) {
              const [row, column] = [i * stride! + u - top!, j * stride! + v - left!]
              if (row < 0 || column < 0 || row >= height! || column >= width!) continue
              const from = ((n * height! + row) * width! + column) * channels! + c
              const weight = (u * kernelSize! + v) * channels! + c
              y[out]! += x[from]! * filter[weight]!
              dx[from]! += slope(out) * filter[weight]!
              dfilter[weight]! += slope(out) * x[from]!
            }
        }
  return { y, dx, dfilter }
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test('depthwise convolution and its gradients are those of float64 loops', () => {
    fc.assert(
      fc.property(cases, ({ seed, channels, height, width, kernelSize, stride, padding }) => {
        const block = createDepthwiseConv2d({
          ...{ channels, kernelSize, stride, init: createRng(seed) },
          ...(padding === undefined ? {} : { padding }),
        })
        const weight = (block.params as unknown as { weight: { value: tf.Variable } }).weight.value
        const x = drawImages(seed, 2, [height, width, channels])
        const [rows, columns] = block.outputShape([height, width, channels])
        const zeros = { kernelSize, stride, padding: padding ?? (kernelSize - 1) / 2 }
        const [top, , left] = resolvePadding([height, width], zeros)
        const slope = (index: number) => Math.sin(0.7 * index * index)
        const expected = loops(x, weight.dataSync(), slope, {
          ...{ batch: 2, channels, height, width, kernelSize, stride, top, left, rows, columns },
        })
        tf.tidy(() => {
          const input = tf.variable(tf.tensor4d(x, [2, height, width, channels]))
          const y = block.apply(input as unknown as tf.Tensor4D, contextOf(true))
          const near = { rtol: 1e-5, atol: 1e-5 }
          expect(y.shape).toEqual([2, rows, columns, channels])
          expect(y.dataSync()).toBeAllClose(expected.y, near)
          const dy = tf.tensor(
            Float32Array.from({ length: y.size }, (_, index) => slope(index)),
            y.shape,
          )
          const { grads } = tf.variableGrads(
            () => tf.sum(tf.mul(block.apply(input as unknown as tf.Tensor4D, contextOf(true)), dy)),
            [input, weight],
          )
          expect(grads[input.name]!.dataSync()).toBeAllClose(expected.dx, near)
          expect(grads[weight.name]!.dataSync()).toBeAllClose(expected.dfilter, near)
          input.dispose()
        })
        block.dispose()
      }),
      { numRuns: 25 },
    )
  })

  test("TensorFlow's padding gives ⌈size / stride⌉ and the odd zero below and to the right", () => {
    const conv = createConv2d({
      ...{ inputChannels: 1, outputChannels: 1, kernelSize: 3, stride: 2, bias: false, init: createRng(1) },
      ...{ padding: 'same', weight: () => Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) },
    })
    const ones = (height: number, width: number) =>
      tf.tidy(() => Array.from(conv.apply(tf.ones([1, height, width, 1]), contextOf(false)).dataSync()))
    // 4 × 4: nothing above, one row below. The last window misses its third row and column.
    expect(conv.outputShape([4, 4, 1])).toEqual([2, 2, 1])
    expect(ones(4, 4)).toEqual([45, 45 - 3 - 6 - 9, 45 - 7 - 8 - 9, 1 + 2 + 4 + 5])
    // 3 × 3: one zero on every side.
    expect(conv.outputShape([3, 3, 1])).toEqual([2, 2, 1])
    expect(ones(3, 3)).toEqual([5 + 6 + 8 + 9, 4 + 5 + 7 + 8, 2 + 3 + 5 + 6, 1 + 2 + 4 + 5])
    conv.dispose()
  })

  test('swish and its slope', () => {
    const points = [-120, -20, -3.5, -1.2784645, -1e-4, 0, 0.3, 2, 25, 120]
    tf.tidy(() => {
      const x = tf.tensor1d(points)
      const gate = (value: number) => 1 / (1 + Math.exp(-value))
      expect(swish(x).dataSync()).toBeAllClose(points.map((value) => value * gate(value)))
      const slopes = tf
        .grad((value) => tf.sum(swish(value)))(x)
        .dataSync()
      expect(slopes).toBeAllClose(points.map((v) => gate(v) * (1 + v * (1 - gate(v)))))
      expect(swish(tf.scalar(-1.2784645)).dataSync()[0]).toBeCloseTo(-0.2784645, 6)
    })
  })
})

describe('drop-connect', () => {
  test('a sample is 0 or divided by what is kept, and its mean is what it was', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0, max: 0.9, noNaN: true }), (seed, rate) => {
        const factors = drawDropConnect(createRng(seed).at('drop'), 4000, rate)
        const kept = Math.fround(1 / (1 - rate))
        expect(factors.every((factor) => factor === 0 || factor === kept)).toBe(true)
        const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length
        // Six standard deviations of the mean of 4000 such factors.
        expect(Math.abs(mean - 1)).toBeLessThan(1e-6 + 6 * Math.sqrt(rate / (1 - rate) / 4000))
        if (rate === 0) expect(factors.every((factor) => factor === 1)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('multiplies whole samples', () => {
    const values = tf.tidy(() =>
      Array.from(applyDropConnect(tf.ones([3, 1, 2, 1]), Float32Array.of(0, 2, 1)).dataSync()),
    )
    expect(values).toEqual([0, 0, 2, 2, 1, 1])
  })
})
