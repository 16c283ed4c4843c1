import { createValues, type FusedCase, fusedContract } from '@tricklab/testing'
import { fusedTwistedSlopes, fusedTwistedSlopesGrad } from '../src/twisted-slopes.ts'

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

const values = createValues(43)
type Pair = [
  forward: FusedCase<{ stride: number }>,
  adjoint: FusedCase<{ stride: number; height: number; width: number }>,
]

const cases = [1, 2, 3].flatMap((stride) =>
  shapes.map((shape): Pair => {
    const x = values(shape)
    const expected: number[] = []
    const outShape = eachProduct(shape, stride, (out, from, share) => {
      expected[out] = (expected[out] ?? 0) + share * x.data[from]!
    })
    const dz = values(outShape)
    const slopes = new Float64Array(x.data.length)
    eachProduct(shape, stride, (out, from, share) => {
      slopes[from]! += share * dz.data[out]!
    })
    const common = { name: `of ${shape}, stride ${stride}`, tolerance: 1e-6 }
    const [, height, width] = shape
    return [
      { ...common, inputs: { x }, attrs: { stride }, outputs: [{ shape: outShape, data: expected }] },
      { ...common, inputs: { dz }, attrs: { stride, height, width }, outputs: [{ shape, data: slopes }] },
    ]
  }),
)
fusedContract(
  fusedTwistedSlopes,
  cases.map(([forward]) => forward),
)
fusedContract(
  fusedTwistedSlopesGrad,
  cases.map(([, adjoint]) => adjoint),
)
