import { type ReferenceArray, referenceArray } from './reference-array.ts'

export interface BatchNormParams {
  readonly gamma: ArrayLike<number>
  readonly beta: ArrayLike<number>
  readonly epsilon: number
}

/**
 * Batch norm with the statistics of the batch, over all axes but the last.
 *
 * `y = (x − mean) / √(variance + epsilon) · gamma + beta`, with the biased variance.
 * @shape `[…, C]`, kept; mean and variance `[C]`
 * @paper arXiv:1502.03167
 */
export function batchNorm(
  x: ReferenceArray,
  { gamma, beta, epsilon }: BatchNormParams,
): { y: ReferenceArray; mean: Float64Array; variance: Float64Array } {
  const channels = x.shape.at(-1)!
  const rows = x.data.length / channels
  const mean = new Float64Array(channels)
  const variance = new Float64Array(channels)
  for (let index = 0; index < x.data.length; index++) mean[index % channels]! += x.data[index]! / rows
  for (let index = 0; index < x.data.length; index++) {
    const channel = index % channels
    variance[channel]! += (x.data[index]! - mean[channel]!) ** 2 / rows
  }
  const y = referenceArray(x.shape)
  for (let index = 0; index < x.data.length; index++) {
    const channel = index % channels
    const normal = (x.data[index]! - mean[channel]!) / Math.sqrt(variance[channel]! + epsilon)
    y.data[index] = normal * gamma[channel]! + beta[channel]!
  }
  return { y, mean, variance }
}
