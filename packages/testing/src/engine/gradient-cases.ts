/** Operations whose values and gradients every engine must compute as `cpu` does. */
import * as tf from '@tricklab/core/tf'

/** An operation of the given inputs, all differentiated; its result is weighted and summed to a loss. */
export interface GradientCase {
  readonly name: string
  readonly shapes: readonly number[][]
  run(...inputs: tf.Tensor[]): tf.Tensor
}

const as4 = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor4D
const as2 = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor2D
const targets = () => tf.oneHot(tf.tensor1d([0, 2, 1, 3, 2], 'int32'), 7)

export const gradientCases: readonly GradientCase[] = [
  ...(['same', 'valid'] as const).flatMap((pad) =>
    [1, 2].map((stride) => ({
      name: `convolution 3×3, ${pad}, stride ${stride}`,
      shapes: [
        [3, 9, 7, 5],
        [3, 3, 5, 6],
      ],
      run: (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(as4(x), as4(w), stride, pad),
    })),
  ),
  ...[1, 2].map((stride) => ({
    name: `convolution 3×3, padding 1, stride ${stride}`,
    shapes: [
      [3, 8, 8, 5],
      [3, 3, 5, 6],
    ],
    run: (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(as4(x), as4(w), stride, 1),
  })),
  {
    name: 'convolution 3×3, uneven padding',
    shapes: [
      [2, 7, 6, 3],
      [3, 3, 3, 4],
    ],
    run: (x, w) =>
      tf.conv2d(as4(x), as4(w), 2, [
        [0, 0],
        [0, 2],
        [1, 0],
        [0, 0],
      ]),
  },
  {
    name: 'convolution 1×1',
    shapes: [
      [2, 5, 5, 8],
      [1, 1, 8, 4],
    ],
    run: (x, w) => tf.conv2d(as4(x), as4(w), 1, 'valid'),
  },
  {
    name: 'depthwise convolution',
    shapes: [
      [2, 8, 8, 6],
      [3, 3, 6, 1],
    ],
    run: (x, w) => tf.depthwiseConv2d(as4(x), as4(w), 1, 'same'),
  },
  ...[1, 2].map((stride) => ({
    name: `depthwise convolution, padding 1, stride ${stride}`,
    shapes: [
      [2, 8, 8, 6],
      [3, 3, 6, 1],
    ],
    run: (x: tf.Tensor, w: tf.Tensor) => tf.depthwiseConv2d(as4(x), as4(w), stride, 1),
  })),
  {
    name: 'batch norm over batch statistics',
    shapes: [[4, 5, 5, 6], [6], [6]],
    run(x, scale, shift) {
      const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2])
      return tf.batchNorm(
        x as tf.Tensor,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        shift as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      )
    },
  },
  { name: 'max pooling 2×2', shapes: [[2, 8, 8, 5]], run: (x) => tf.maxPool(as4(x), 2, 2, 'valid') },
  { name: 'max pooling 3×3, stride 2, same', shapes: [[2, 9, 9, 5]], run: (x) => tf.maxPool(as4(x), 3, 2, 'same') },
  { name: 'max pooling 3×3, stride 2, padding 1', shapes: [[2, 8, 8, 5]], run: (x) => tf.maxPool(as4(x), 3, 2, 1) },
  // All negative: where a gradient kernel that starts its maximum above −∞ goes wrong.
  {
    name: 'max pooling of negative values',
    shapes: [[2, 6, 6, 3]],
    run: (x) => tf.maxPool(as4(tf.sub(x as tf.Tensor, 5)), 2, 2, 'valid'),
  },
  // Windows that stick out are left aside: for them TF.js's cpu backend divides the gradient by too much.
  { name: 'average pooling 2×2', shapes: [[2, 8, 8, 5]], run: (x) => tf.avgPool(as4(x), 2, 2, 'valid') },
  { name: 'global average', shapes: [[3, 4, 4, 6]], run: (x) => tf.mean(x as tf.Tensor, [1, 2]) },
  {
    name: 'dense layer',
    shapes: [
      [5, 9],
      [9, 4],
    ],
    run: (x, w) => tf.matMul(as2(x), as2(w)),
  },
  { name: 'softmax', shapes: [[5, 7]], run: (x) => tf.softmax(as2(x)) },
  { name: 'cross-entropy', shapes: [[5, 7]], run: (x) => tf.neg(tf.mul(tf.logSoftmax(as2(x)), targets())) },
  { name: 'ReLU', shapes: [[4, 33]], run: (x) => tf.relu(x as tf.Tensor) },
  { name: 'leaky ReLU', shapes: [[4, 33]], run: (x) => tf.leakyRelu(x as tf.Tensor, 0.1) },
  { name: 'Mish', shapes: [[4, 33]], run: (x) => tf.mul(x as tf.Tensor, tf.tanh(tf.softplus(x as tf.Tensor))) },
  { name: 'sigmoid', shapes: [[4, 33]], run: (x) => tf.sigmoid(x as tf.Tensor) },
  { name: 'broadcast product', shapes: [[2, 3, 4, 5], [5]], run: (x, y) => tf.mul(x as tf.Tensor, y as tf.Tensor) },
  { name: 'tile', shapes: [[3, 4]], run: (x) => tf.tile(x as tf.Tensor, [2, 3]) },
  {
    name: 'pad',
    shapes: [[2, 4, 4, 3]],
    run: (x) =>
      tf.pad(x as tf.Tensor, [
        [0, 0],
        [1, 2],
        [1, 0],
        [0, 0],
      ]),
  },
  { name: 'slice', shapes: [[2, 6, 6, 3]], run: (x) => tf.slice(as4(x), [0, 1, 2, 0], [2, 3, 4, 3]) },
  {
    name: 'concat',
    shapes: [
      [2, 3],
      [2, 4],
    ],
    run: (x, y) => tf.concat([as2(x), as2(y)], 1),
  },
  { name: 'transpose', shapes: [[2, 3, 4]], run: (x) => tf.transpose(x as tf.Tensor, [2, 0, 1]) },
  // Where TF.js's own suite is thin: negative inputs, odd channels, even windows with 'same', stride 2, a batch of one.
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
  { name: 'square root', shapes: [[3, 5]], run: (x) => tf.sqrt(tf.add(tf.square(x as tf.Tensor), 1)) },
]

/**
 * The value of a case and its gradient for each input, as numbers; nothing stays behind.
 * @param round what becomes of the numbers that come in, for engines that store less than float32
 */
export async function runGradientCase(
  one: GradientCase,
  round = (values: Float32Array): Float32Array => values,
): Promise<Float32Array[]> {
  const tensors = tf.tidy(() => {
    const draw = (shape: number[], key: number) => tf.tensor(round(waves(tf.util.sizeFromShape(shape), key)), shape)
    const inputs = one.shapes.map((shape, i) => draw(shape, i + 1))
    const output = one.run(...inputs)
    const weights = draw(output.shape, 9)
    const loss = (...values: tf.Tensor[]) => tf.sum(tf.mul(one.run(...values), weights)) as tf.Scalar
    return [output, ...tf.grads(loss)(inputs)]
  })
  const values = await Promise.all(tensors.map((tensor) => tensor.data()))
  tf.dispose(tensors)
  return values as Float32Array[]
}

/** Values in −1 … 1; different for each key, without ties, and never near 0 where ReLU has its corner. */
function waves(length: number, key: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898 * key)
    return Math.abs(value) < 0.01 ? 0.5 : value
  })
}
