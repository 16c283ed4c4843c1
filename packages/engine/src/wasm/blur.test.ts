import type { BlurPoolAttrs } from '@tricklab/core/fused'
import { beforeAll, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { createRandom, randomValues, relativeError, runOn, type Values } from './test-helpers.ts'

beforeAll(async () => {
  await prepareWasm()
})

const random = createRandom(17)

/** `C(size − 1, i) / 2^(size − 1)`. */
function binomial(size: number): number[] {
  let row = [1]
  while (row.length < size) row = [1, ...row.slice(1).map((value, i) => value + row[i]!), 1]
  return row.map((value) => value / 2 ** (size - 1))
}

/** Every product of the filter, as the contract words it: visit(output element, input element, share). */
function eachProduct(
  shape: readonly number[],
  { taps, stride, padding, border }: BlurPoolAttrs,
  visit: (out: number, from: number, share: number) => void,
): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const blurred = (size: number) => Math.floor((size + padding[0]! + padding[1]! - taps.length) / stride) + 1
  const [rows, columns] = [blurred(height), blurred(width)]
  const place = (outside: number, size: number) => {
    if (border === 'zero') return outside
    const inside = Math.abs(outside)
    return inside < size ? inside : 2 * (size - 1) - inside
  }
  for (let out = 0; out < batch * rows * columns * channels; out++) {
    const c = out % channels
    const j = Math.floor(out / channels) % columns
    const i = Math.floor(out / channels / columns) % rows
    const n = Math.floor(out / channels / columns / rows)
    for (const [a, above] of taps.entries()) {
      const y = place(stride * i + a - padding[0]!, height)
      for (const [b, beside] of taps.entries()) {
        const x = place(stride * j + b - padding[0]!, width)
        if (y < 0 || y >= height || x < 0 || x >= width) continue
        visit(out, ((n * height + y) * width + x) * channels + c, above * beside)
      }
    }
  }
  return [batch, rows, columns, channels]
}

// The operators of the plugin blurpool by name, and what else the contract allows.
const filters: Record<string, BlurPoolAttrs> = {
  'kornia-0.4': { taps: binomial(6), stride: 2, padding: [2, 3], border: 'reflect' },
  adobe: { taps: binomial(4), stride: 2, padding: [1, 2], border: 'reflect' },
  'kornia-0.5': { taps: binomial(3), stride: 2, padding: [1, 1], border: 'zero' },
  timm: { taps: binomial(3), stride: 2, padding: [1, 1], border: 'reflect' },
  'one tap': { taps: [1], stride: 2, padding: [0, 0], border: 'reflect' },
  'seven taps, stride 3': { taps: binomial(7), stride: 3, padding: [3, 3], border: 'reflect' },
  'lopsided, stride 1': { taps: [0.1, -0.7, 2, 0.3, 1, -1, 0.2, 0.4], stride: 1, padding: [3, 1], border: 'zero' },
}

const shapes = [
  [2, 8, 8, 16],
  [1, 7, 5, 3],
  [3, 5, 9, 17],
  [1, 4, 6, 1],
  [2, 13, 10, 37],
]

test.each(Object.keys(filters))('%s and its adjoint are those of a float64 loop', async (name) => {
  const attrs = filters[name]!
  for (const shape of shapes) {
    const x = randomValues(random, shape)
    const expected: number[] = []
    const outShape = eachProduct(shape, attrs, (out, from, share) => {
      expected[out] = (expected[out] ?? 0) + share * x.data[from]!
    })
    await expectLike('BlurPool', { x }, attrs, outShape, expected)

    const dy = randomValues(random, outShape)
    const slopes = new Array<number>(x.data.length).fill(0)
    eachProduct(shape, attrs, (out, from, share) => {
      slopes[from]! += share * dy.data[out]!
    })
    await expectLike('BlurPoolGrad', { dy }, { ...attrs, height: shape[1], width: shape[2] }, shape, slopes)
  }
})

async function expectLike(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  shape: number[],
  expected: number[],
): Promise<void> {
  const { shapes: actual, outputs } = await runOn('wasm', name, inputs, attrs)
  expect((await runOn('wasm', name, inputs, attrs)).outputs).toEqual(outputs)
  expect(actual).toEqual([shape])
  expect(relativeError(outputs[0]!, expected), `${name} of ${shape}`).toBeLessThan(5e-7)
}
