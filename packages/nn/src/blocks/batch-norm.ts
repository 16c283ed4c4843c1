import { type Block, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { reluActivation } from '../activations/relu.ts'
import { createBatchNorm } from '../layers/batch-norm.ts'
import { expectKept } from '../shape.ts'
import { activated } from './activated.ts'
import type { PlaceContext } from './offers.ts'

const options = {
  epsilon: opt.number({ above: 0, default: 1e-5, doc: 'Small number added to the variance.' }),
  momentum: opt.number({
    above: 0,
    max: 1,
    default: 0.1,
    doc: 'Weight of the newest batch in the running mean and variance.',
  }),
}

/**
 * Batch norm and the skeleton's activation, in one pass where the activation can be fused. γ starts at 0 where the slot
 * asks for a branch that is off at first.
 * @errors E_SHAPE when asked to change channels or size
 * @paper arXiv:1502.03167; γ at 0: arXiv:1706.02677
 */
export function createBatchNormBlock(values: OptionValues<typeof options>, context: PlaceContext): Block {
  expectKept('Batch norm', context, [1])
  const { activate, activation = reluActivation, offers: { zero = false } = {} } = context
  const fused = activate ? activation.fused : undefined
  const spec = {
    channels: context.inputChannels,
    gamma: zero ? 0 : 1,
    ...(fused === undefined ? {} : { activation: fused }),
    ...values,
  }
  return activated(createBatchNorm(spec), { activate: activate && fused === undefined, activation })
}

export const batchNorm: Component<'block', typeof options> = {
  doc: 'Batch norm, followed by the activation of the model where there is one.',
  options,
  create: createBatchNormBlock,
}
