import { type Block, disposeParams, type Model, type Rng, type Shape } from '@tricklab/core'
import type { Param } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'

/**
 * 3 × 3 convolution to 4 channels, ReLU, mean over the image, linear map to the classes. Takes images of every size, so
 * callbacks may change it.
 */
export function createTinyModel(inputShape: Shape, classes: number, init: Rng): Model {
  const params = {
    conv: { weight: drawParam([3, 3, inputShape[2], 4], init) },
    head: { weight: drawParam([4, classes], init), bias: drawParam([classes], init, 'bias') },
  }
  const block: Block = {
    params,
    outputShape: () => [1, 1, classes],
    macs: ([height, width, channels]) => height * width * channels * 36 + 4 * classes,
    apply(images) {
      const features = tf.relu(tf.conv2d(images, params.conv.weight.value as tf.Tensor4D, 1, 'same'))
      const scores = tf.matMul(tf.mean(features, [1, 2]), params.head.weight.value as tf.Tensor2D)
      return tf.reshape(tf.add(scores, params.head.bias.value), [images.shape[0], 1, 1, classes])
    },
    dispose: () => disposeParams(params),
  }
  return {
    params: { tiny: params },
    layers: [{ name: 'tiny', type: 'tiny', block }],
    inputShape,
    classes,
    macs: block.macs,
    apply: (images, { training, rng }) =>
      tf.reshape(block.apply(images, { training, rng: rng.scope('tiny') }), [images.shape[0], classes]),
    dispose: block.dispose,
  }
}

function drawParam(shape: number[], init: Rng, role: Param['role'] = 'weight'): Param {
  const stream = init.at(shape.join('x'))
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, () => stream.normal() / 2)
  return { role, value: tf.tidy(() => tf.variable(tf.tensor(values, shape))) }
}
