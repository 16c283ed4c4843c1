import * as tf from '@tricklab/core/tf'
import type { Network } from '../network.ts'
import { averagePool2, batchNorm, conv, generalRelu, type Weights } from './layers.ts'

/** Those that take plain TF.js seconds, not minutes. */
export type PlainNetwork = Exclude<Network, { kind: 'xresnet' }>

/** Scores of a batch, in training. */
export type Forward = (images: tf.Tensor4D) => tf.Tensor2D

/** The forward pass of a network over given weights. */
export function forwardOf(network: PlainNetwork, weights: Weights): Forward {
  return network.kind === 'resnet18' ? resnet18(weights) : slowai(network, weights)
}

type Slowai = Extract<Network, { kind: 'slowai' }>

function slowai(network: Slowai, weights: Weights): Forward {
  const { channels, firstStride, block } = network
  const last = channels.length - 2
  return (images) => {
    let x = images
    for (let index = 0; index <= last; index++) {
      const path = `layers/${index}`
      const shape = {
        stride: index === 0 ? firstStride : 2,
        padding: index === 0 ? 2 : 1,
        activate: index < last,
      }
      if (block === 'conv') x = convBlock(x, weights, path, shape, network)
      else {
        const a = convBlock(x, weights, `${path}/convA`, { ...shape, stride: 1 }, network)
        const activate = block === 'double-conv' && shape.activate
        const b = convBlock(a, weights, `${path}/convB`, { ...shape, activate }, network)
        if (block === 'double-conv') x = b
        else {
          const sum = tf.add(b, shortcut(x, weights, path, shape.stride)) as tf.Tensor4D
          x = shape.activate ? generalRelu(sum, network) : sum
        }
      }
    }
    return tf.reshape(x, [images.shape[0], channels.at(-1)!])
  }
}

function convBlock(
  x: tf.Tensor4D,
  weights: Weights,
  path: string,
  { stride, padding, activate }: { stride: number; padding: number; activate: boolean },
  relu: Slowai,
): tf.Tensor4D {
  const y = conv(x, weights, `${path}/conv`, { stride, padding })
  return batchNorm(activate ? generalRelu(y, relu) : y, weights, `${path}/norm`)
}

function shortcut(x: tf.Tensor4D, weights: Weights, path: string, stride: number): tf.Tensor4D {
  const pooled = stride === 2 ? averagePool2(x) : x
  const changes = weights.has(`${path}/idConv/weight`)
  return changes ? conv(pooled, weights, `${path}/idConv`, { stride: 1, padding: 0 }) : pooled
}

function resnet18(weights: Weights): Forward {
  return (images) => {
    const stem = conv(images, weights, 'conv1', { stride: 2, padding: 3 })
    let x = tf.maxPool(tf.relu(batchNorm(stem, weights, 'bn1')), 3, 2, 1)
    for (let stage = 1; stage <= 4; stage++) {
      x = basicBlock(x, weights, `layer${stage}/0`, stage === 1 ? 1 : 2)
      x = basicBlock(x, weights, `layer${stage}/1`, 1)
    }
    const features = tf.mean(x, [1, 2]) as tf.Tensor2D
    const scores = tf.matMul(features, weights.get('fc/weight') as unknown as tf.Tensor2D)
    return tf.add(scores, weights.get('fc/bias'))
  }
}

function basicBlock(x: tf.Tensor4D, weights: Weights, path: string, stride: number): tf.Tensor4D {
  const first = tf.relu(batchNorm(conv(x, weights, `${path}/conv1`, { stride, padding: 1 }), weights, `${path}/bn1`))
  const main = batchNorm(conv(first, weights, `${path}/conv2`, { stride: 1, padding: 1 }), weights, `${path}/bn2`)
  const side = weights.has(`${path}/downsample/0/weight`)
    ? batchNorm(conv(x, weights, `${path}/downsample/0`, { stride, padding: 0 }), weights, `${path}/downsample/1`)
    : x
  return tf.relu(tf.add(main, side))
}
