import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, createConstantParam, createConv2d } from '@tricklab/nn'

export const options = {
  start: opt.number({ above: 0, default: 1, doc: 'Gain of every channel at the start.' }),
}

/**
 * The maths, which is pure: every channel times its gain.
 * @shape `[N, H, W, C]`, kept
 */
export function applyMyTrick(images: tf.Tensor4D, gains: tf.Tensor): tf.Tensor4D {
  return tf.mul(images, gains)
}

/**
 * A convolution with a learned gain a channel: `y = gain ⊙ conv(x)`.
 * @shape `[N, H, W, inputChannels]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, outputChannels]` for odd kernels
 */
export function createMyTrick({ start }: OptionValues<typeof options>, context: BlockContext): Block {
  const { outputChannels, init } = context
  const conv = createConv2d({ ...context, bias: true, init: init.scope('conv') })
  const gain = createConstantParam('norm', [outputChannels], start)
  const block: Block = {
    params: { conv: conv.params, gain },
    outputShape: conv.outputShape,
    macs: conv.macs,
    apply: (images, applyContext) => applyMyTrick(conv.apply(images, applyContext), gain.value),
    dispose() {
      conv.dispose()
      gain.value.dispose()
    },
  }
  return activated(block, context)
}
