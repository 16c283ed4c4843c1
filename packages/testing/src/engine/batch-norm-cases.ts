import { batchNorm, referenceArray } from '../reference/index.ts'
import { createValues, type FusedCase } from './fused.ts'

/** An activation in float64. */
export interface ExactActivation {
  value(x: number): number
  slope(x: number): number
}

/** Cases for the three kernels of batch norm: in training, its gradient, and with given statistics. */
export interface BatchNormCases<Attrs> {
  readonly train: FusedCase<Attrs>[]
  readonly gradient: FusedCase<Attrs>[]
  readonly evaluate: FusedCase<Attrs>[]
}

const inputs = [
  { shape: [2, 3, 3, 8], shift: 0 },
  { shape: [5, 7, 3, 10], shift: 0.5 },
  { shape: [1, 2, 3, 1], shift: -1 },
  { shape: [130, 1, 1, 3], shift: 0 },
  { shape: [65, 13], shift: 30 },
  { shape: [40, 4, 4, 16], shift: -100 },
  { shape: [9, 30, 31, 5], shift: 0 },
  { shape: [70, 300], shift: 0 },
]

/**
 * Batch norm and its gradient with an activation behind it, in float64 from the formulas, for engines that apply it in the
 * same pass and for those that do not.
 * @param attrs what the kernels are told: `{ epsilon: 1e-5, activation }`
 */
export function batchNormCases<Attrs extends { epsilon: number }>(
  attrs: Attrs,
  { value, slope }: ExactActivation,
): BatchNormCases<Attrs> {
  const { epsilon } = attrs
  const values = createValues(11)
  const cases: BatchNormCases<Attrs> = { train: [], gradient: [], evaluate: [] }
  for (const { shape, shift } of inputs) {
    const channels = shape.at(-1)!
    const [x, dy] = [values(shape, 1, shift), values(shape)]
    const [gamma, beta] = [values([channels], 0.5, 1), values([channels])]
    const reference = batchNorm(referenceArray(shape, x.data), { gamma: gamma.data, beta: beta.data, epsilon })
    const statistics = [...reference.mean, ...reference.variance]
    const stats = { shape: [2, channels], data: Float32Array.from(statistics) }
    const linear = reference.y.data
    const y = { shape, data: linear.map(value) }
    const rows = x.data.length / channels
    const deviation = reference.variance.map((variance) => Math.sqrt(variance + epsilon))
    const normal = Float64Array.from(x.data, (v, i) => (v - reference.mean[i % channels]!) / deviation[i % channels]!)
    const slopes = Float64Array.from(dy.data, (v, i) => v * slope(linear[i]!))
    const [dgamma, dbeta] = [new Float64Array(channels), new Float64Array(channels)]
    for (const [i, v] of slopes.entries()) {
      dbeta[i % channels]! += v
      dgamma[i % channels]! += v * normal[i]!
    }
    const dx = slopes.map((v, i) => {
      const c = i % channels
      return (gamma.data[c]! / deviation[c]!) * (v - dbeta[c]! / rows - (normal[i]! * dgamma[c]!) / rows)
    })
    const edge = [channels]
    // Rounding the mean to float32 moves every centred value by up to |shift|·2⁻²⁴.
    const common = { name: `of ${shape} around ${shift}`, attrs, tolerance: 4e-6 + Math.abs(shift) * 2e-7 }
    cases.train.push({ ...common, inputs: { x, gamma, beta }, outputs: [y, { ...stats, data: statistics }] })
    const gradients = [dx, dgamma, dbeta].map((data, i) => ({ shape: i === 0 ? shape : edge, data }))
    cases.gradient.push({ ...common, inputs: { dy, x, gamma, beta, stats }, outputs: gradients })
    const mean = { shape: edge, data: stats.data.slice(0, channels) }
    const variance = { shape: edge, data: stats.data.slice(channels) }
    cases.evaluate.push({ ...common, inputs: { x, gamma, beta, mean, variance }, outputs: [y] })
  }
  return cases
}
