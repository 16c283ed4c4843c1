import { describe, expect, test } from 'vitest'
import { nativeIsThere, randomValues, relativeError, runOn, type Values } from './compare.ts'

const dx = [-1, 0, 1, -2, 0, 2, -1, 0, 1]
const dy = [1, 2, 1, 0, 0, 0, -1, -2, -1]

/** Every product of the kernel, as the contract words it: visit(output element, input element, share). */
function eachProduct(
  [batch, height, width, channels]: readonly [number, number, number, number],
  stride: number,
  visit: (out: number, from: number, share: number) => void,
): number[] {
  const [rows, columns] = [height, width].map((size) => Math.floor((size - 1) / stride) + 1) as [number, number]
  for (let at = 0; at < batch * rows * columns * channels; at++) {
    const c = at % channels
    const j = Math.floor(at / channels) % columns
    const i = Math.floor(at / channels / columns) % rows
    const n = Math.floor(at / channels / columns / rows)
    const [x, y] = [(2 * j) / columns - 1, (2 * i) / rows - 1]
    for (let tap = 0; tap < 9; tap++) {
      const [row, column] = [stride * i + Math.floor(tap / 3) - 1, stride * j + (tap % 3) - 1]
      if (row < 0 || row >= height || column < 0 || column >= width) continue
      const from = ((n * height + row) * width + column) * channels + c
      // (Dx + i·Dy) · (X + i·Y)
      visit(2 * at, from, dx[tap]! * x - dy[tap]! * y)
      visit(2 * at + 1, from, dx[tap]! * y + dy[tap]! * x)
    }
  }
  return [batch, rows, columns, 2 * channels]
}

const shapes = [
  [2, 8, 8, 16],
  [1, 7, 5, 3],
  [3, 5, 9, 17],
  [1, 4, 6, 1],
  [2, 1, 3, 5],
  [2, 3, 1, 8],
  [1, 1, 1, 4],
  [5, 2, 2, 33],
  [1, 33, 20, 37],
] as const

describe.runIf(nativeIsThere())('native slopes of a twist', () => {
  test.each([1, 2, 3])('and their adjoint are those of a float64 loop, stride %i', async (stride) => {
    for (const shape of shapes) {
      const x = randomValues(shape)
      const expected: number[] = []
      const outShape = eachProduct(shape, stride, (out, from, share) => {
        expected[out] = (expected[out] ?? 0) + share * x.data[from]!
      })
      const z = await twice('TwistedSlopes', { x }, { stride })
      expect(z.shape).toEqual(outShape)
      expect(relativeError(z.data, expected), `${shape}`).toBeLessThan(1e-6)

      const dz = randomValues(outShape)
      const slopes = new Array<number>(x.data.length).fill(0)
      eachProduct(shape, stride, (out, from, share) => {
        slopes[from]! += share * dz.data[out]!
      })
      const back = await twice('TwistedSlopesGrad', { dz }, { stride, height: shape[1], width: shape[2] })
      expect(back.shape).toEqual([...shape])
      expect(relativeError(back.data, slopes), `${shape}`).toBeLessThan(1e-6)
    }
  })

  test('no images have no slopes', async () => {
    const none: Values = { shape: [0, 4, 4, 3], data: new Float32Array() }
    expect((await runOn('native', 'TwistedSlopes', { x: none }, { stride: 1 })).shape).toEqual([0, 4, 4, 6])
  })
})

/** Runs a kernel on native twice and expects the same bits. */
async function twice(name: string, inputs: Record<string, Values>, attrs: object): Promise<Values> {
  const first = await runOn('native', name, inputs, attrs)
  expect((await runOn('native', name, inputs, attrs)).data).toEqual(first.data)
  return first
}
