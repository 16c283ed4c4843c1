import { type Block, fail, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { kaimingNormal, zeros } from '../init.ts'
import { createConv2d } from '../layers/conv2d.ts'
import { createGroupedConv2d } from '../layers/grouped-conv2d.ts'
import { activated } from './activated.ts'
import type { PlaceContext } from './offers.ts'

const options = {
  bias: opt.boolean({
    default: false,
    doc: 'Whether the convolution adds a bias; a bias has no effect when a norm follows.',
  }),
}

/**
 * One convolution, kaiming-normal for ReLU (fan in): the plain 1 × 1 and 3 × 3 of ResNets, in groups where the place has them.
 * @param weight another start of the weights
 * @errors E_OPTION_RANGE for a bias in groups; E_SHAPE where groups do not fit the channels
 */
export function createConv2dBlock(
  { bias }: OptionValues<typeof options>,
  context: PlaceContext,
  weight = kaimingNormal({ slope: 0, fan: 'in' }),
): Block {
  const { inputChannels, outputChannels, kernelSize, stride, offers: { groups = 1 } = {}, init } = context
  const window = { inputChannels, outputChannels, kernelSize, stride, init, weight }
  if (groups === 1) return activated(createConv2d({ ...window, bias, biasStart: zeros }), context)
  if (bias) {
    fail('E_OPTION_RANGE', {
      what: 'The block "conv2d" cannot have a bias if its convolution has groups.',
      expected: '`bias` false.',
      received: `bias true, ${groups} groups.`,
    })
  }
  return activated(createGroupedConv2d({ ...window, groups }), context)
}

export const conv2dBlock: Component<'block', typeof options> = {
  doc: 'One convolution, without norm or activation.',
  options,
  create: createConv2dBlock,
}
