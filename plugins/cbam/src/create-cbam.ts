import { type Block, fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import {
  activated,
  applyPart,
  collectParams,
  createBatchNorm,
  createConv2d,
  disposeParts,
  expectChannels,
  expectKept,
  type PlaceContext,
  reluActivation,
} from '@tricklab/nn'

/**
 * Gates of channels, then of positions: `x' = x ⊙ σ(m(mean x) + m(max x))` with `m(v) = W₂ relu(W₁ v)` over positions, then
 * `x' ⊙ σ(norm(w ∗ [mean x', max x']))` over channels. No biases.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE when asked to change channels or size; E_OPTION_RANGE for a window without a middle
 * @paper arXiv:1807.06521
 */
export function createCbam(
  { reduction, kernelSize }: { readonly reduction: number; readonly kernelSize: number },
  context: PlaceContext,
): Block {
  expectKept('CBAM', context, [1])
  if (kernelSize % 2 === 0) {
    fail('E_OPTION_RANGE', {
      what: 'block "cbam": the window of the gates of positions has no middle.',
      expected: 'an odd `kernelSize`.',
      received: `${kernelSize}.`,
    })
  }
  const { inputChannels: channels, init } = context
  const hidden = Math.max(1, Math.floor(channels / reduction))
  const conv = (name: string, inputChannels: number, outputChannels: number, size: number) =>
    createConv2d({ inputChannels, outputChannels, kernelSize: size, stride: 1, bias: false, init: init.scope(name) })
  const parts = {
    reduce: conv('reduce', channels, hidden, 1),
    expand: conv('expand', hidden, channels, 1),
    conv: conv('conv', 2, 1, kernelSize),
    norm: createBatchNorm({ channels: 1 }),
  }
  const block: Block = {
    params: collectParams(parts),
    outputShape(input) {
      expectChannels('CBAM', input, channels)
      return input
    },
    macs: ([height, width]) => 4 * channels * hidden + parts.conv.macs([height, width, 2]),
    // Means, maxima and gates of channels, both hidden layers; gated images; means, maxima, gates of positions and their norm.
    kept: ([height, width]) => ({
      input: true,
      output: false,
      inside: 3 * channels + 4 * hidden + height * width * (channels + 4),
    }),
    apply(images, context) {
      const squeeze = (x: tf.Tensor) =>
        applyPart(
          'expand',
          parts.expand,
          reluActivation.apply(applyPart('reduce', parts.reduce, x as tf.Tensor4D, context)),
          context,
        )
      const sum = tf.add(squeeze(tf.mean(images, [1, 2], true)), squeeze(tf.max(images, [1, 2], true)))
      const gated = tf.mul(images, tf.sigmoid(sum)) as tf.Tensor4D
      const both = tf.concat([tf.mean(gated, 3, true), tf.max(gated, 3, true)], 3) as tf.Tensor4D
      const normal = applyPart('norm', parts.norm, applyPart('conv', parts.conv, both, context), context)
      return tf.mul(gated, tf.sigmoid(normal))
    },
    dispose: () => disposeParts(parts),
  }
  return activated(block, context)
}
