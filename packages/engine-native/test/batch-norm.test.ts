import { reference } from '@tricklab/testing'
import { expect, test } from 'vitest'
import { nativeIsThere, randomValues, relativeError, runOn } from './compare.ts'

test.runIf(nativeIsThere())("TensorFlow.js's own batch norm runs in the kernel of ours", async () => {
  const x = randomValues([9, 30, 31, 5])
  const [scale, offset] = [randomValues([5]), randomValues([5])]
  const params = { gamma: scale.data, beta: offset.data, epsilon: 1e-3 }
  const { y, mean, variance } = reference.batchNorm(reference.referenceArray(x.shape, x.data), params)
  const given = (values: Float64Array) => ({ shape: [5], data: Float32Array.from(values) })
  const inputs = { x, scale, offset, mean: given(mean), variance: given(variance) }
  const { data } = await runOn('native', 'FusedBatchNorm', inputs, { varianceEpsilon: 1e-3 })
  expect(relativeError(data, y.data)).toBeLessThan(4e-6)
})
