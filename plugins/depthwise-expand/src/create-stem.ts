import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import { createConvNorm, type Parts, sequential } from '@tricklab/nn'
import { createExpandingDepthwise, multiplier } from './depthwise.ts'

export const stemOptions = {
  multiplier,
  widths: opt.integers({
    min: 1,
    default: [32, 64],
    unit: 'channels',
    doc: 'Output channels of each 1 × 1 convolution but the last.',
  }),
  halve: opt.boolean({
    default: true,
    doc: 'Whether the first depthwise convolution has stride 2; the source left this out of its stem by mistake.',
  }),
}

/**
 * A stem of depthwise 3 × 3 convolutions that multiply the channels, each followed by a 1 × 1, norm and activation.
 * @shape `[N, H, W, inputChannels]` → `[N, ⌈H/2⌉, ⌈W/2⌉, outputChannels]`; H and W are kept without `halve`
 * @paper none: liuyao12's ResNet_separable
 * @differs none
 */
export function createDepthwiseStem(
  { multiplier, widths, halve }: OptionValues<typeof stemOptions>,
  context: BlockContext,
): Block {
  const { inputChannels, outputChannels, kernelSize, stride, init } = context
  const channels = [inputChannels, ...widths, outputChannels]
  const parts = channels.slice(1).map((width, index): Parts => {
    const [suffix, from] = [String(index + 1), channels[index]!]
    const name = `depthwise${suffix}`
    const window = { kernelSize, stride: index === 0 && halve ? stride : 1, init: init.scope(name) }
    const spec = { inputChannels: from * multiplier, outputChannels: width, kernelSize: 1, stride: 1, activate: true }
    return {
      [name]: createExpandingDepthwise({ channels: from, multiplier, ...window }),
      ...createConvNorm(context, spec, { suffix }),
    }
  })
  return sequential(Object.assign({}, ...parts))
}
