import type { Block, BlockContext } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { sequential } from '../layers/sequential.ts'
import { type ConvOptions, convOptions, createConvBlock } from './conv.ts'

/** slowai's DoubleConvBlock: two Convs, the second with the stride; what `residual-conv` is without its shortcut. */
export function createDoubleConvBlock(options: ConvOptions, context: BlockContext): Block {
  const { outputChannels, init } = context
  return sequential({
    convA: createConvBlock(options, { ...context, stride: 1, init: init.scope('convA') }),
    convB: createConvBlock(options, { ...context, inputChannels: outputChannels, init: init.scope('convB') }),
  })
}

export const doubleConv: Component<'block', typeof convOptions> = {
  doc: 'Two `conv` blocks without a shortcut (`DoubleConvBlock` in slowai).',
  options: convOptions,
  create: createDoubleConvBlock,
}
