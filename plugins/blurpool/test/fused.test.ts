import { createValues, type FusedCase, fusedContract } from '@tricklab/testing'
import { type BlurPoolAttrs, fusedBlurPool, fusedBlurPoolGrad } from '../src/blur-pool.ts'
import { binomial } from '../src/operators.ts'

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
  'kornia-0.4': { taps: [...binomial(6)], stride: 2, padding: [2, 3], border: 'reflect' },
  adobe: { taps: [...binomial(4)], stride: 2, padding: [1, 2], border: 'reflect' },
  'kornia-0.5': { taps: [...binomial(3)], stride: 2, padding: [1, 1], border: 'zero' },
  timm: { taps: [...binomial(3)], stride: 2, padding: [1, 1], border: 'reflect' },
  'one tap': { taps: [1], stride: 2, padding: [0, 0], border: 'reflect' },
  'seven taps, stride 3': { taps: [...binomial(7)], stride: 3, padding: [3, 3], border: 'reflect' },
  'lopsided, stride 1': { taps: [0.1, -0.7, 2, 0.3, 1, -1, 0.2, 0.4], stride: 1, padding: [3, 1], border: 'zero' },
}

const shapes = [
  [2, 8, 8, 16],
  [1, 7, 5, 3],
  [3, 5, 9, 17],
  [1, 4, 6, 1],
  [2, 33, 20, 37],
]

const values = createValues(17)
type Pair = [forward: FusedCase<BlurPoolAttrs>, adjoint: FusedCase<BlurPoolAttrs & { height: number; width: number }>]

const cases = Object.entries(filters).flatMap(([filter, attrs]) =>
  shapes.map((shape): Pair => {
    const x = values(shape)
    const expected: number[] = []
    const outShape = eachProduct(shape, attrs, (out, from, share) => {
      expected[out] = (expected[out] ?? 0) + share * x.data[from]!
    })
    const dy = values(outShape)
    const slopes = new Float64Array(x.data.length)
    eachProduct(shape, attrs, (out, from, share) => {
      slopes[from]! += share * dy.data[out]!
    })
    const common = { name: `${filter}, of ${shape}`, tolerance: 5e-7 }
    const [, height, width] = shape as [number, number, number, number]
    return [
      { ...common, inputs: { x }, attrs, outputs: [{ shape: outShape, data: expected }] },
      { ...common, inputs: { dy }, attrs: { ...attrs, height, width }, outputs: [{ shape, data: slopes }] },
    ]
  }),
)
fusedContract(
  fusedBlurPool,
  cases.map(([forward]) => forward),
)
fusedContract(
  fusedBlurPoolGrad,
  cases.map(([, adjoint]) => adjoint),
)
