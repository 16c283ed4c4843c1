import type { GroupedConv2DAttrs } from '@tricklab/core/fused'
import { describe, expect, test } from 'vitest'
import { nativeThreads } from '../src/index.ts'
import { nativeIsThere, randomValues, relativeError, runOn, type Values } from './compare.ts'

interface Case {
  /** `[batch, height, width, channels]`. */
  readonly image: readonly [number, number, number, number]
  /** `[kh, kw, out]`. */
  readonly filter: readonly [number, number, number]
  readonly sources: readonly number[]
  readonly stride: number
  readonly padding: number[]
}

const cases: readonly Case[] = [
  { image: [2, 7, 6, 32], filter: [3, 3, 32], sources: [1, 2, 3, 0], stride: 1, padding: [1, 1, 1, 1] },
  { image: [3, 9, 8, 24], filter: [3, 3, 48], sources: [2, 0, 1], stride: 2, padding: [1, 1, 1, 1] },
  { image: [1, 5, 5, 12], filter: [5, 5, 8], sources: [0, 0, 3, 1], stride: 1, padding: [2, 2, 2, 2] },
  { image: [2, 6, 7, 10], filter: [1, 1, 15], sources: [4, 4, 4, 4, 4], stride: 1, padding: [0, 0, 0, 0] },
  { image: [2, 6, 6, 6], filter: [3, 2, 4], sources: [1, 0], stride: 2, padding: [0, 1, 2, 0] },
  { image: [1, 1, 1, 16], filter: [3, 3, 16], sources: [0, 1], stride: 1, padding: [1, 1, 1, 1] },
  { image: [2, 33, 32, 64], filter: [3, 3, 64], sources: [7, 0, 1, 2, 3, 4, 5, 6], stride: 1, padding: [1, 1, 1, 1] },
]

/** Every product of the contract: visit(element of y, of x, of the filter). */
function eachProduct(
  { image, filter, sources, stride, padding }: Case,
  visit: (y: number, x: number, filter: number) => void,
): number[] {
  const [batch, height, width, channels] = image
  const [kernelHeight, kernelWidth, outputs] = filter
  const depth = channels / sources.length
  const [top, bottom, left, right] = padding as [number, number, number, number]
  const rows = Math.floor((height + top + bottom - kernelHeight) / stride) + 1
  const columns = Math.floor((width + left + right - kernelWidth) / stride) + 1
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let u = 0; u < kernelHeight; u++)
          for (let v = 0; v < kernelWidth; v++) {
            const [r, s] = [stride * i + u - top, stride * j + v - left]
            if (r < 0 || r >= height || s < 0 || s >= width) continue
            for (let d = 0; d < outputs; d++) {
              const source = sources[Math.floor((d * sources.length) / outputs)]!
              for (let m = 0; m < depth; m++) {
                visit(
                  ((n * rows + i) * columns + j) * outputs + d,
                  ((n * height + r) * width + s) * channels + source * depth + m,
                  ((u * kernelWidth + v) * depth + m) * outputs + d,
                )
              }
            }
          }
  return [batch, rows, columns, outputs]
}

describe.runIf(nativeIsThere())('native convolution in groups', () => {
  test.each(cases)('%j and its gradients are those of a float64 loop', async (one) => {
    const { image, filter, sources, stride, padding } = one
    const [height, width] = [image[1], image[2]]
    const [filterHeight, filterWidth, outputs] = filter
    const attrs: GroupedConv2DAttrs = { groups: sources.length, sources: [...sources], stride, padding }
    const x = randomValues(image)
    const weights = randomValues([filterHeight, filterWidth, image[3] / sources.length, outputs])

    const y: number[] = []
    const outShape = eachProduct(one, (out, from, by) => {
      y[out] = (y[out] ?? 0) + x.data[from]! * weights.data[by]!
    })
    // The position may see padding alone.
    const filled = Array.from({ length: outShape.reduce((size, length) => size * length) }, (_, i) => y[i] ?? 0)
    await expectLike('GroupedConv2D', { x, filter: weights }, attrs, outShape, filled)

    const dy = randomValues(outShape)
    const dx = new Array<number>(x.data.length).fill(0)
    const dfilter = new Array<number>(weights.data.length).fill(0)
    eachProduct(one, (out, from, by) => {
      dx[from]! += dy.data[out]! * weights.data[by]!
      dfilter[by]! += dy.data[out]! * x.data[from]!
    })
    const toInput = { ...attrs, height, width }
    await expectLike('GroupedConv2DBackpropInput', { dy, filter: weights }, toInput, x.shape, dx)
    const toFilter = { ...attrs, filterHeight, filterWidth }
    await expectLike('GroupedConv2DBackpropFilter', { x, dy }, toFilter, weights.shape, dfilter)
  })

  test('values and input gradients do not depend on the number of threads', async () => {
    const { image, filter, sources, stride, padding } = cases.at(-1)!
    const attrs = { groups: sources.length, sources, stride, padding }
    const x = randomValues(image)
    const weights = randomValues([filter[0], filter[1], image[3] / sources.length, filter[2]])
    const threads = nativeThreads()
    const results: Float32Array[][] = []
    for (const count of [1, 3]) {
      nativeThreads(count)
      const y = await runOn('native', 'GroupedConv2D', { x, filter: weights }, attrs)
      const given = { ...attrs, height: image[1], width: image[2] }
      const dx = await runOn('native', 'GroupedConv2DBackpropInput', { dy: y, filter: weights }, given)
      results.push([y.data, dx.data])
    }
    nativeThreads(threads)
    expect(results[1]).toEqual(results[0])
  })
})

async function expectLike(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  shape: number[],
  expected: number[],
): Promise<void> {
  const found = await runOn('native', name, inputs, attrs)
  expect((await runOn('native', name, inputs, attrs)).data).toEqual(found.data)
  expect(found.shape).toEqual(shape)
  expect(relativeError(found.data, expected), name).toBeLessThan(3e-6)
}
