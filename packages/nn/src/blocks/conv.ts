import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { kaimingNormal } from '../init.ts'
import { createBatchNorm } from '../layers/batch-norm.ts'
import { createConv2d } from '../layers/conv2d.ts'
import { createGeneralRelu } from '../layers/parameter-free.ts'
import { sequential } from '../layers/sequential.ts'

/** Options that the three blocks of slowai's lesson share. */
export const convOptions = {
  slope: opt.number({
    min: 0,
    below: 1,
    default: 0.1,
    doc: 'Slope of GeneralReLU below 0; the initialisation of the weights depends on it too.',
  }),
  offset: opt.number({ default: 0.4, doc: 'Number that GeneralReLU subtracts from its output.' }),
  norm: opt.boolean({
    default: true,
    doc: 'Whether a batch norm follows each activation; convolutions have a bias when it does not.',
  }),
}

export type ConvOptions = OptionValues<typeof convOptions>

/**
 * slowai's Conv: convolution, GeneralReLU if wanted, then batch norm: the activation comes before the norm.
 * Weights are kaiming-normal (fan in) for the slope of the block's own activation, for slope 0 where it has none.
 */
export function createConvBlock({ slope, offset, norm }: ConvOptions, context: BlockContext): Block {
  const { inputChannels, outputChannels, kernelSize, stride, activate, init } = context
  return sequential({
    conv: createConv2d({
      inputChannels,
      outputChannels,
      kernelSize,
      stride,
      bias: !norm,
      init: init.scope('conv'),
      weight: kaimingNormal({ slope: activate ? slope : 0, fan: 'in' }),
    }),
    ...(activate ? { activation: createGeneralRelu({ slope, offset }) } : {}),
    ...(norm ? { norm: createBatchNorm({ channels: outputChannels }) } : {}),
  })
}

export const conv: Component<'block', typeof convOptions> = {
  doc: 'A convolution, GeneralReLU and batch norm (`Conv` in slowai).',
  options: convOptions,
  create: createConvBlock,
}
