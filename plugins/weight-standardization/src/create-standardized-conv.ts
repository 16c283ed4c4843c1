import { type Block, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, conv2d, createConv2dBlock, groupedConv2d, type PlaceContext } from '@tricklab/nn'

/**
 * `ŵ = (w − mean) / √(variance + epsilon)`, over all weights of an output channel.
 * @shape `[k, k, in, out]`, kept
 * @paper arXiv:1903.10520
 */
export function standardize(weight: tf.Tensor4D, epsilon: number): tf.Tensor4D {
  const { mean, variance } = tf.moments(weight, [0, 1, 2], true)
  return tf.mul(tf.sub(weight, mean), tf.rsqrt(tf.add(variance, epsilon)))
}

/** A convolution without bias whose weights are standardised at each use, in groups where the place has them. */
export function createStandardizedConv({ epsilon }: { readonly epsilon: number }, context: PlaceContext): Block {
  const { kernelSize, stride, offers: { groups = 1 } = {} } = context
  const plain = createConv2dBlock({ bias: false }, { ...context, activate: false })
  const [weight] = listParams(plain.params)
  const padding = Math.floor(kernelSize / 2)
  const sources = Array.from({ length: groups }, (_, group) => group)
  const block: Block = {
    ...plain,
    apply(images) {
      const [, height, width, channels] = images.shape
      plain.outputShape([height, width, channels])
      const filter = standardize(weight!.value as tf.Tensor4D, epsilon)
      if (groups === 1) return conv2d(images, filter, { stride, padding })
      return groupedConv2d(images, filter, { groups, sources, stride, padding })
    },
  }
  return activated(block, context)
}
