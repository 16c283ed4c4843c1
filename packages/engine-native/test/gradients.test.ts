import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNativePrecision, nativePrecision } from '../src/index.ts'
import { nativeIsThere, relativeError } from './compare.ts'
import { rounded, storeWrittenAsBf16 } from './stored.ts'

const rng = createRng(53)

type Inputs = tf.Tensor[]
const as4 = (x: tf.Tensor | undefined) => x as tf.Tensor4D

/** Where TF.js's own suite is thin: negative inputs, odd channels, even windows with 'same', stride 2, a batch of one. */
const cases: { name: string; shapes: number[][]; run: (...inputs: Inputs) => tf.Tensor }[] = [
  ...[1, 2].flatMap((stride) =>
    [2, 3, 4].flatMap((window) =>
      (['same', 'valid'] as const).flatMap((pad) => [
        {
          name: `convolution ${window}×${window}, stride ${stride}, ${pad}, batch 1`,
          shapes: [
            [1, 7, 6, 5],
            [window, window, 5, 3],
          ],
          run: (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(as4(x), as4(w), stride, pad),
        },
        {
          name: `depthwise convolution ${window}×${window}, stride ${stride}, ${pad}`,
          shapes: [
            [3, 8, 7, 7],
            [window, window, 7, 1],
          ],
          run: (x: tf.Tensor, w: tf.Tensor) => tf.depthwiseConv2d(as4(x), as4(w), stride, pad),
        },
        {
          name: `max pool ${window}×${window} of negative numbers, stride ${stride}, ${pad}`,
          shapes: [[1, 7, 9, 3]],
          run: (x: tf.Tensor) => tf.maxPool(as4(tf.sub(x, 3)), window, stride, pad),
        },
      ]),
    ),
  ),
  {
    name: 'batched product with a transpose on either side',
    shapes: [
      [3, 5, 7],
      [3, 4, 5],
    ],
    run: (a, b) => tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, true, true),
  },
  {
    name: 'broadcasting on both sides',
    shapes: [
      [4, 1, 3],
      [5, 1],
    ],
    run: (a, b) => tf.div(tf.mul(a!, b!), tf.add(tf.square(b!), 1)),
  },
  {
    name: 'softmax, exponential and logarithm',
    shapes: [[3, 9]],
    run: (x) => tf.log(tf.softmax(tf.exp(x!) as tf.Tensor2D)),
  },
  { name: 'norm over an inner axis', shapes: [[3, 4, 5]], run: (x) => tf.sqrt(tf.sum(tf.square(x!), 1)) },
  { name: 'maximum over axes', shapes: [[3, 4, 5]], run: (x) => tf.max(x!, [0, 2]) },
  {
    name: 'ELU, SELU and softplus',
    shapes: [[50]],
    run: (x) => tf.add(tf.elu(x!), tf.mul(tf.selu(x!), tf.softplus(x!))),
  },
  { name: 'PReLU', shapes: [[4, 3, 5], [5]], run: (x, a) => tf.prelu(x!, a!) },
  { name: 'gather with repeats', shapes: [[5, 3]], run: (x) => tf.gather(x!, tf.tensor1d([4, 1, 1, 0], 'int32')) },
  {
    name: 'bilinear resize up, align corners',
    shapes: [[2, 4, 4, 3]],
    run: (x) => tf.image.resizeBilinear(as4(x), [7, 7], true),
  },
  {
    name: 'stack, unstack and reverse',
    shapes: [[3, 4]],
    run: (x) => tf.reverse(tf.stack(tf.unstack(x!, 1).reverse()), 0),
  },
]

/** The value and all gradients of a case on a backend. */
async function gradientsOn(backend: string, one: (typeof cases)[number], half = false): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const tensors = tf.tidy(() => {
    const draw = (shape: number[], ...key: (string | number)[]) => {
      const stream = rng.at(one.name, ...key)
      const data = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.uniform() * 2 - 1)
      return tf.tensor(half ? rounded({ shape, data }).data : data, shape)
    }
    const inputs = one.shapes.map((shape, i) => draw(shape, i))
    const output = one.run(...inputs)
    const weights = draw(output.shape, 'weights')
    const loss = (...values: Inputs) => tf.sum(tf.mul(one.run(...values), weights)) as tf.Scalar
    return [output, ...tf.grads(loss)(inputs)]
  })
  const values = tensors.map((tensor) => tensor.dataSync() as Float32Array)
  tf.dispose(tensors)
  return values
}

describe.runIf(nativeIsThere())('native gradients of tensors stored as bf16', () => {
  let undo = () => {}
  beforeAll(() => {
    undo = storeWrittenAsBf16()
    if (hasNativePrecision('bf16')) nativePrecision('bf16')
  })
  afterAll(() => {
    undo()
    nativePrecision('float32')
  })

  test.each(cases)('$name', async (one) => {
    const reference = await gradientsOn('cpu', one, true)
    const ours = await gradientsOn('native', one, true)
    for (const [i, values] of ours.entries()) expect(relativeError(values, reference[i]!)).toBeLessThan(2 ** -6)
  })
})

describe.runIf(nativeIsThere())('native gradients', () => {
  test.each(cases)('$name', async (one) => {
    const reference = await gradientsOn('cpu', one)
    const before = await tf.setBackend('native').then(() => tf.memory().numTensors)
    const ours = await gradientsOn('native', one)
    expect(tf.memory().numTensors).toBe(before)
    for (const [i, values] of ours.entries()) expect(relativeError(values, reference[i]!)).toBeLessThan(2e-5)
  })
})
