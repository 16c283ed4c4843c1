import { type Block, type BlockContext, type Component, type OptionValues, opt } from '@tricklab/core'
import { kaimingNormal, zeros } from '../init.ts'
import { createConv2d } from '../layers/conv2d.ts'
import { activated } from './activated.ts'

const options = { bias: opt.boolean({ default: false, doc: 'Add a bias; a norm behind it makes one useless.' }) }

/** One convolution, kaiming-normal for ReLU (fan in): the plain 1 × 1 and 3 × 3 of ResNets. */
export function createConv2dBlock({ bias }: OptionValues<typeof options>, context: BlockContext): Block {
  const { inputChannels, outputChannels, kernelSize, stride, init } = context
  const weight = kaimingNormal({ slope: 0, fan: 'in' })
  return activated(
    createConv2d({ inputChannels, outputChannels, kernelSize, stride, bias, init, weight, biasStart: zeros }),
    context,
  )
}

export const conv2dBlock: Component<'block', typeof options> = {
  doc: 'One convolution.',
  options,
  create: createConv2dBlock,
}
