import { type Block, type BlockContext, fail, type Shape } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { createConv2d } from '../layers/conv2d.ts'
import { createAveragePool2, createGeneralRelu } from '../layers/parameter-free.ts'
import { applyPart, collectParams, disposeParts, type Parts, sequential } from '../layers/sequential.ts'
import { expectEqual } from '../shape.ts'
import { type ConvOptions, convOptions, createConvBlock } from './conv.ts'

/**
 * slowai's ResidualConvBlock: `act(convB(convA(x)) + shortcut(x))`.
 *
 * convA has stride 1 and the block's activation, convB the stride and none. The shortcut is a 2 × 2 average pool where
 * the stride is 2, then a 1 × 1 convolution with bias (PyTorch's initialisation) where the channels change.
 * @errors E_SHAPE for a stride above 2, or when branch and shortcut end in different shapes (even kernels)
 * @paper arXiv:1512.03385
 * @differs slowai creates the 1 × 1 convolution even where it goes unused; here a weight without a gradient does not exist
 */
export function createResidualConvBlock(options: ConvOptions, context: BlockContext): Block {
  const { inputChannels, outputChannels, stride, activate, init } = context
  if (stride > 2) {
    fail('E_SHAPE', {
      what: 'The block residual-conv cannot have this stride: its shortcut halves the image at most.',
      expected: 'stride 1 or 2.',
      received: `stride ${stride}.`,
    })
  }
  const branch: Parts = {
    convA: createConvBlock(options, { ...context, stride: 1, init: init.scope('convA') }),
    convB: createConvBlock(options, {
      ...context,
      inputChannels: outputChannels,
      activate: false,
      init: init.scope('convB'),
    }),
  }
  const shortcut: Parts = {
    ...(stride === 2 ? { pool: createAveragePool2() } : {}),
    ...(inputChannels === outputChannels
      ? {}
      : {
          idConv: createConv2d({
            inputChannels,
            outputChannels,
            kernelSize: 1,
            stride: 1,
            bias: true,
            init: init.scope('idConv'),
          }),
        }),
  }
  const main = sequential(branch)
  const side = sequential(shortcut)
  const activation = createGeneralRelu(options)

  const outputShape = (input: Shape) => expectEqual(main.outputShape(input), side.outputShape(input))
  return {
    params: collectParams({ ...branch, ...shortcut }),
    outputShape,
    macs: (input) => main.macs(input) + side.macs(input),
    apply(images, context) {
      const sum = tf.add(main.apply(images, context), side.apply(images, context)) as tf.Tensor4D
      return activate ? applyPart('activation', activation, sum, context) : sum
    },
    dispose: () => disposeParts({ ...branch, ...shortcut }),
  }
}

export const residualConv: Component<'block', typeof convOptions> = {
  doc: 'Two `conv` blocks with a shortcut around them (`ResidualConvBlock` in slowai).',
  options: convOptions,
  create: createResidualConvBlock,
}
