import type { BlurPoolAttrs } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { describe, expect, test } from 'vitest'
import { nativeIsThere, randomValues, relativeError, runOn, type Values } from './compare.ts'

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
  [2, 33, 20, 37],
]

describe.runIf(nativeIsThere())('native blur pooling', () => {
  test.each(Object.keys(filters))('%s and its adjoint are those of a float64 loop', async (name) => {
    const attrs = filters[name]!
    for (const shape of shapes) {
      const x = randomValues(shape)
      const expected: number[] = []
      const outShape = eachProduct(shape, attrs, (out, from, share) => {
        expected[out] = (expected[out] ?? 0) + share * x.data[from]!
      })
      const y = await twice('BlurPool', { x }, attrs)
      expect(y.shape).toEqual(outShape)
      expect(relativeError(y.data, expected), `${shape}`).toBeLessThan(5e-7)

      const dy = randomValues(outShape)
      const slopes = new Array<number>(x.data.length).fill(0)
      eachProduct(shape, attrs, (out, from, share) => {
        slopes[from]! += share * dy.data[out]!
      })
      const dx = await twice('BlurPoolGrad', { dy }, { ...attrs, height: shape[1], width: shape[2] })
      expect(dx.shape).toEqual(shape)
      expect(relativeError(dx.data, slopes), `${shape}`).toBeLessThan(5e-7)
    }
  })

  test('the smallest images that a mirror can fill', async () => {
    const attrs = filters['kornia-0.4']!
    const x = randomValues([2, 4, 4, 5])
    const y = await runOn('native', 'BlurPool', { x }, attrs)
    expect(y.shape).toEqual([2, 2, 2, 5])
    const smaller = tf.tensor(randomValues([1, 3, 3, 5]).data, [1, 3, 3, 5])
    expect(() => tf.engine().runKernel('BlurPool', { x: smaller }, attrs as never)).toThrow(/border/)
    smaller.dispose()
  })

  test('constants stay, up to the border of zeros', async () => {
    const x: Values = { shape: [1, 9, 9, 20], data: new Float32Array(1620).fill(3) }
    const y = await runOn('native', 'BlurPool', { x }, filters['kornia-0.4']!)
    expect([...y.data].every((value) => value === 3)).toBe(true)
    const zeros = await runOn('native', 'BlurPool', { x }, filters['kornia-0.5']!)
    expect([zeros.data[0], zeros.data[6 * 20]]).toEqual([3 * 0.75 ** 2, 3])
  })
})

/** Runs a kernel on native twice and expects the same bits. */
async function twice(name: string, inputs: Record<string, Values>, attrs: object): Promise<Values> {
  const first = await runOn('native', name, inputs, attrs)
  expect((await runOn('native', name, inputs, attrs)).data).toEqual(first.data)
  return first
}
