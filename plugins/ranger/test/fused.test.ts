import { createValues, fusedContract, type Values } from '@tricklab/testing'
import { fusedRanger } from '../src/ranger.ts'

const values = createValues(37)
const sizes = [[5], [2, 3, 3], [1], [130, 200], [0], [3, 3, 40, 17], [7, 1], [0, 4]]
const weightDecays = [0.1, 0, 0.3, 0.01, 0, 0.2, 0, 0]
const moments = { beta1: 0.95, beta2: 0.99, epsilon: 1e-5 }

fusedContract(
  fusedRanger,
  [
    { rectified: false, alpha: 0, centralise: false },
    { rectified: true, alpha: 0, centralise: true },
    { rectified: true, alpha: 0.5, centralise: false },
    { rectified: false, alpha: 1, centralise: true },
  ].map((chosen) => {
    const { rectified, alpha, centralise } = chosen
    const inputs: Record<string, Values> = {}
    const outputs = sizes.flatMap((shape, i) => {
      const [p, m, v, s, raw] = [
        values(shape),
        values(shape, 0.1),
        values(shape, 0.1, 0.1),
        values(shape),
        values(shape, 1, 0.3),
      ]
      // Between the steps of lookahead the slow weights do not count.
      if (alpha === 0) s.data.fill(Number.NaN)
      for (const [name, one] of Object.entries({ p, m, v, s, g: raw })) inputs[`${name}${i}`] = one
      const channels = shape.at(-1)!
      const means = new Float64Array(channels)
      if (centralise && shape.length > 1) {
        for (const [k, slope] of raw.data.entries()) means[k % channels]! += (slope * channels) / raw.data.length
      }
      const g = Array.from(raw.data, (slope, k) => slope - means[k % channels]!)
      const mean = Array.from(m.data, (old, k) => 0.95 * old + (1 - 0.95) * g[k]!)
      const square = Array.from(v.data, (old, k) => 0.99 * old + (1 - 0.99) * g[k]! ** 2)
      const moved = Array.from(p.data, (value, k) => {
        const direction = rectified ? mean[k]! / (Math.sqrt(square[k]!) + 1e-5) : mean[k]!
        const fast = value * (1 - 0.03 * weightDecays[i]!) - 0.02 * direction
        return alpha === 0 ? fast : s.data[k]! + alpha * (fast - s.data[k]!)
      })
      return [moved, mean, square].map((data) => ({ shape, data }))
    })
    const attrs = { learningRate: 0.03, stepSize: 0.02, ...moments, ...chosen, weightDecays }
    return { name: `over parameters of many sizes, ${JSON.stringify(chosen)}`, inputs, attrs, outputs }
  }),
)
