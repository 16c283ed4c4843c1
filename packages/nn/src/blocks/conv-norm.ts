import type { BlockContext } from '@tricklab/core'
import type { FilledSlot } from '@tricklab/core/plugin'
import { reluActivation } from '../activations/relu.ts'
import type { Parts } from '../layers/sequential.ts'
import { createBatchNormBlock } from './batch-norm.ts'
import { createConv2dBlock } from './conv2d.ts'
import type { Offers } from './offers.ts'
import { type ConvWindow, createSwappable } from './swap.ts'

interface ConvSpec
  extends Pick<BlockContext, 'inputChannels' | 'outputChannels' | 'kernelSize' | 'stride' | 'activate'>,
    Pick<Offers, 'groups' | 'zero'> {}

/**
 * Convolution, norm, and the skeleton's activation if wanted: `{ conv, norm }`, or `{ conv2, norm2 }` for the suffix 2.
 * The norm is the skeleton's; so is the convolution where `slotted` says that the slot `conv` may replace it. Either way the
 * slot `swap` may.
 */
export function createConvNorm(
  { slots, activation = reluActivation, init }: Pick<BlockContext, 'slots' | 'activation' | 'init'>,
  spec: ConvSpec,
  { suffix = '', slotted = false } = {},
): Parts {
  const { inputChannels, outputChannels, kernelSize, stride, groups = 1, activate, zero = false } = spec
  const [conv, norm] = [`conv${suffix}`, `norm${suffix}`]
  const window: ConvWindow = {
    inputChannels,
    outputChannels,
    kernelSize,
    stride,
    offers: { groups },
    activate: false,
    activation,
    init: init.scope(conv),
  }
  const keep = { inputChannels: outputChannels, outputChannels, kernelSize: 1, stride: 1, activation }
  const standing = slotted ? (slots?.slot('conv') ?? plainConv) : plainConv
  return {
    [conv]: createSwappable(slots, window, () => standing.create(window)),
    [norm]: (slots?.slot('norm') ?? plainNorm).create({ ...keep, activate, offers: { zero }, init: init.scope(norm) }),
  }
}

const plainConv: FilledSlot = {
  use: 'conv2d',
  create: (context) => createConv2dBlock({ bias: false }, context),
}

const plainNorm: FilledSlot = {
  use: 'batch-norm',
  create: (context) => createBatchNormBlock({ epsilon: 1e-5, momentum: 0.1 }, context),
}
