import { type Block, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { createGroupNorm } from '../layers/group-norm.ts'
import { expectKept } from '../shape.ts'
import { activated } from './activated.ts'
import type { PlaceContext } from './offers.ts'

const options = {
  groups: opt.integer({ min: 1, default: 32, unit: 'groups', doc: 'Number of groups that the channels fall into.' }),
  epsilon: opt.number({ above: 0, default: 1e-5, doc: 'Small number added to the variance.' }),
}

/**
 * Group norm and the skeleton's activation. γ starts at 0 where the slot asks for a branch that is off at first.
 * @errors E_SHAPE when asked to change channels or size, or where the groups divide the channels unevenly
 * @paper arXiv:1803.08494
 */
export function createGroupNormBlock(values: OptionValues<typeof options>, context: PlaceContext): Block {
  expectKept('Group norm', context, [1])
  const { inputChannels: channels, offers: { zero = false } = {} } = context
  return activated(createGroupNorm({ channels, gamma: zero ? 0 : 1, ...values }), context)
}

export const groupNorm: Component<'block', typeof options> = {
  doc: 'Group norm, followed by the activation of the model where there is one.',
  options,
  create: createGroupNormBlock,
}
