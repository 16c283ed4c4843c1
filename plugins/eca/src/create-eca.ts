import type { Block } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, createParam, expectChannels, expectKept, type PlaceContext, torchWeight } from '@tricklab/nn'

/** Channels that a gate reads: the whole part of (log₂ C + 1) / 2, the next number where that is even, at least 3. */
export function reachOf(channels: number): number {
  const half = Math.floor((Math.log2(channels) + 1) / 2)
  return Math.max(3, half % 2 === 1 ? half : half + 1)
}

/**
 * `y = x ⊙ σ(w ∗ mean(x))`: the means over all positions, convolved along the channels with zeros at both ends.
 * @shape images `[N, H, W, C]`, kept; weight `[1, k, 1, 1]`
 * @paper arXiv:1910.03151
 */
export function applyEca(images: tf.Tensor4D, weight: tf.Tensor4D): tf.Tensor4D {
  const [batch, , , channels] = images.shape
  const means = tf.reshape(tf.mean(images, [1, 2]), [batch, 1, channels, 1]) as tf.Tensor4D
  const gates = tf.sigmoid(tf.conv2d(means, weight, 1, 'same'))
  return tf.mul(images, tf.reshape(gates, [batch, 1, 1, channels]))
}

/** @errors E_SHAPE when asked to change channels or size */
export function createEca({ kernelSize }: { readonly kernelSize: number }, context: PlaceContext): Block {
  expectKept('Efficient channel attention', context, [1])
  const { inputChannels } = context
  const reach = kernelSize === 0 ? reachOf(inputChannels) : kernelSize
  const weight = createParam('weight', [1, reach, 1, 1], torchWeight, context.init.at('weight'))
  const block: Block = {
    params: { weight },
    outputShape(input) {
      expectChannels('Efficient channel attention', input, inputChannels)
      return input
    },
    macs: ([, , channels]) => channels * reach,
    // Means and gates.
    kept: () => ({ input: true, output: false, inside: 2 * inputChannels }),
    apply: (images) => applyEca(images, weight.value as tf.Tensor4D),
    dispose: () => weight.value.dispose(),
  }
  return activated(block, context)
}
