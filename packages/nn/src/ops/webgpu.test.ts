/** The composed versions of the fused kernels on an engine that has none of its own: WebGPU, here on SwiftShader. */
import { defineFusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { noSoftwareGpu, useSoftwareGpu } from '@tricklab/engine/software-gpu'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  addRelu,
  averagePool2,
  batchNormEval,
  batchNormTrain,
  conv2d,
  dropout,
  fusedLinear,
  fusedRelu,
  gelu,
  globalAveragePool,
  groupNorm,
  hardSwish,
  layerNorm,
  leakyReluOffset,
  maxPool,
  relu,
  softmaxCrossEntropy,
} from './index.ts'

interface Case {
  readonly name: string
  readonly shapes: readonly number[][]
  run(...inputs: tf.Tensor[]): tf.Tensor
}

const images = [3, 6, 6, 4]
const as4 = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor4D
const targets = () => tf.softmax(tf.tensor2d(waves(5 * 7, 5), [5, 7]))

/** An activation that no engine knows. */
const square = defineFusedActivation({
  name: 'square',
  apply: (x) => tf.square(x),
  gradient: (dy, x) => tf.mul(dy, tf.mul(x, 2)),
})

const cases: readonly Case[] = [
  ...[fusedLinear, fusedRelu, square].map((activation) => ({
    name: `batch norm, ${activation.name}`,
    shapes: [images, [4], [4]],
    run: (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
      batchNormTrain(x, gamma, beta, { epsilon: 1e-5, activation }).y,
  })),
  {
    name: 'softmax cross-entropy',
    shapes: [[5, 7]],
    run: (logits) => softmaxCrossEntropy(logits as tf.Tensor2D, targets() as tf.Tensor2D),
  },
  {
    name: 'leaky ReLU with offset',
    shapes: [images],
    run: (x) => leakyReluOffset(as4(x), { alpha: 0.1, offset: 0.4 }),
  },
  { name: 'sum and ReLU', shapes: [images, images], run: (a, b) => addRelu(as4(a), as4(b)) },
  { name: 'GELU', shapes: [images], run: (x) => gelu(as4(x)) },
  { name: 'GELU with the tangent', shapes: [images], run: (x) => gelu(as4(x), 'tanh') },
  { name: 'hard swish', shapes: [images], run: (x) => hardSwish(as4(x)) },
  { name: 'layer norm', shapes: [images, [4], [4]], run: (x, gamma, beta) => layerNorm(x!, gamma!, beta!) },
  {
    name: 'group norm',
    shapes: [images, [4], [4]],
    run: (x, gamma, beta) => groupNorm(x!, gamma!, beta!, { groups: 2 }),
  },
  { name: 'ReLU', shapes: [images], run: (x) => relu(as4(x)) },
  { name: 'dropout', shapes: [images], run: (x) => dropout(as4(x), 0.3, 12345) },
  { name: 'average pooling', shapes: [[2, 7, 5, 3]], run: (x) => averagePool2(as4(x)) },
  { name: 'global average pooling', shapes: [images], run: (x) => globalAveragePool(as4(x)) },
  { name: 'max pooling', shapes: [images], run: (x) => maxPool(as4(x), { size: 3, stride: 2, padding: 1 }) },
  {
    name: 'padded convolution',
    shapes: [images, [3, 3, 4, 5]],
    run: (x, filter) => conv2d(as4(x), as4(filter), { stride: 2, padding: 1 }),
  },
]

describe.skipIf(noSoftwareGpu !== undefined)(
  `webgpu on SwiftShader${noSoftwareGpu ? `: ${noSoftwareGpu}` : ''}`,
  () => {
    beforeAll(async () => {
      useSoftwareGpu()
      await prepareEngine('webgpu')
    })

    test.each(cases)('$name: values and gradients as on cpu', async (one) => {
      await prepareEngine('cpu')
      const expected = await runCase(one)
      await prepareEngine('webgpu')
      const before = tf.memory().numTensors
      const actual = await runCase(one)
      expect(tf.memory().numTensors).toBe(before)
      expectClose(actual, expected)
    })

    test('batch norm with given statistics', async () => {
      const run = async () => {
        const y = tf.tidy(() => {
          const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((key) => tf.tensor1d(waves(4, key)))
          const params = { gamma: gamma!, beta: beta!, mean: mean!, variance: tf.square(variance!) }
          return batchNormEval(tf.tensor4d(waves(432, 5), [3, 6, 6, 4]), params, {
            epsilon: 1e-5,
            activation: fusedRelu,
          })
        })
        const values = await y.data()
        y.dispose()
        return [values as Float32Array]
      }
      await prepareEngine('cpu')
      const expected = await run()
      await prepareEngine('webgpu')
      expectClose(await run(), expected)
    })
  },
)

async function runCase({ shapes, run }: Case): Promise<Float32Array[]> {
  const tensors = tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.tensor(waves(tf.util.sizeFromShape(shape), i + 1), shape))
    const output = run(...inputs)
    const weights = tf.tensor(waves(output.size, 9), output.shape)
    const loss = (...values: tf.Tensor[]) => tf.sum(tf.mul(run(...values), weights)) as tf.Scalar
    return [output, ...tf.grads(loss)(inputs)]
  })
  const values = await Promise.all(tensors.map((tensor) => tensor.data()))
  tf.dispose(tensors)
  return values as Float32Array[]
}

function expectClose(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
  for (const [i, values] of actual.entries()) {
    const reference = expected[i]!
    const scale = reference.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6)
    const worst = values.reduce((largest, value, j) => Math.max(largest, Math.abs(value - reference[j]!)), 0)
    expect(values.every(Number.isFinite)).toBe(true)
    expect(worst / scale).toBeLessThan(1e-4)
  }
}

/** Values in −1 … 1, different for each key, without ties. */
function waves(length: number, key: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * 12.9898 * key))
}
