import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import * as tf from '../tf.ts'
import { type VariableGrads, variableGrads } from './variable-grads.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** Values without a pattern that a kernel could be wrong along. */
function waves(shape: number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, side) => product * side, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + 0.3 * phase * Math.cos(i))),
    shape,
  )
}

const kernel = (phase: number) => tf.variable(tf.mul(waves([3, 3, 4, 4], phase), 0.3))

/** A network in which results are used twice, passed on as they are, and left unused. */
function network(weights: readonly tf.Variable[], images: tf.Tensor4D): tf.Scalar {
  let x = images
  for (const weight of weights) {
    const y = tf.relu(tf.conv2d(x, weight as unknown as tf.Tensor4D, 1, 'same'))
    tf.exp(y)
    x = tf.add(tf.clone(x), tf.mul(y, y)) as tf.Tensor4D
  }
  return tf.mean(tf.square(x)) as tf.Scalar
}

async function values(tensors: Readonly<Record<string, tf.Tensor>>): Promise<Record<string, readonly number[]>> {
  const read = Object.entries(tensors).map(async ([name, tensor]) => [name, [...(await tensor.data())]] as const)
  return Object.fromEntries(await Promise.all(read))
}

describe('variableGrads', () => {
  test("is TensorFlow.js's own to the bit, and leaves nothing over", async () => {
    const weights = [1, 2, 3].map(kernel)
    const images = waves([2, 6, 6, 4], 9) as tf.Tensor4D
    const before = tf.memory().numTensors
    const theirs = tf.variableGrads(() => network(weights, images), weights)
    const ours = variableGrads(() => network(weights, images), weights)
    expect(await values(ours.grads)).toEqual(await values(theirs.grads))
    expect((await ours.value.data())[0]).toBe((await theirs.value.data())[0])
    tf.dispose([theirs.value, theirs.grads, ours.value, { ...ours.grads }])
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([weights, images])
  })

  test('leaves out variables that took no part', () => {
    const [used, unused] = [kernel(1), kernel(2)] as const
    const { grads, value } = variableGrads(() => tf.sum(used) as tf.Scalar, [used, unused])
    expect(Object.keys(grads)).toEqual([used.name])
    tf.dispose([{ ...grads }, value, used, unused])
  })

  test.each([
    ['hands its own on', (dy: tf.Tensor) => [dy, tf.mul(dy, 2)]],
    ['gives one tensor to two inputs', (dy: tf.Tensor) => Array(2).fill(tf.mul(dy, 3))],
  ])('takes a gradient that %s', async (_, gradFunc) => {
    const [a, b] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([3, 4]))] as const
    const product = tf.customGrad((...inputs) => {
      const [x, y] = inputs as unknown as [tf.Tensor, tf.Tensor]
      return { value: tf.mul(x, y), gradFunc: (dy) => gradFunc(dy) as tf.Tensor[] }
    })
    const compute = () => tf.sum(tf.add(product(a, b), a)) as tf.Scalar
    const before = tf.memory().numTensors
    const [theirs, ours] = [tf.variableGrads(compute, [a, b]), variableGrads(compute, [a, b])]
    expect(await values(ours.grads)).toEqual(await values(theirs.grads))
    tf.dispose([theirs.value, theirs.grads, ours.value, { ...ours.grads }])
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([a, b])
  })

  test('gives memory up on its way back', () => {
    const weights = [1, 2, 3, 4, 5, 6, 7, 8].map(kernel)
    const images = waves([2, 16, 16, 4], 9) as tf.Tensor4D
    /** Bytes held when the way back reaches the first operation. */
    function bytesAtTheEnd(grads: typeof variableGrads | typeof tf.variableGrads): number {
      let bytes = 0
      const first = tf.customGrad((...inputs) => {
        const x = inputs[0] as unknown as tf.Tensor
        const gradFunc = (dy: tf.Tensor) => {
          bytes = tf.memory().numBytes
          return [tf.clone(dy)]
        }
        return { value: tf.clone(x), gradFunc } as never
      })
      const scale = tf.variable(tf.scalar(1))
      const compute = () => network(weights, tf.mul(images, first(scale)))
      tf.dispose({ ...(grads(compute as never, [scale, ...weights] as never) as VariableGrads) } as never)
      scale.dispose()
      return bytes
    }
    expect(bytesAtTheEnd(variableGrads)).toBeLessThan(bytesAtTheEnd(tf.variableGrads as never) / 4)
    tf.dispose([weights, images])
  })

  test.each(['forward', 'back'] as const)('leaves nothing over when the way %s fails', (way) => {
    const weight = kernel(1)
    const before = tf.memory().numTensors
    const broken = tf.customGrad((...inputs) => {
      const x = inputs[0] as unknown as tf.Tensor
      const gradFunc = () => {
        throw new Error('broken')
      }
      return { value: tf.clone(x), gradFunc } as never
    })
    const compute = () => {
      const y = tf.square(broken(tf.exp(weight)))
      if (way === 'forward') throw new Error('broken')
      return tf.sum(y) as tf.Scalar
    }
    expect(() => variableGrads(compute, [weight])).toThrow('broken')
    expect(tf.engine().state.gradientDepth).toBe(0)
    expect(tf.memory().numTensors).toBe(before)
    weight.dispose()
  })
})
