import { type Block, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { createLayerNorm } from '../layers/layer-norm.ts'
import { expectKept } from '../shape.ts'
import { activated } from './activated.ts'
import type { PlaceContext } from './offers.ts'

const options = { epsilon: opt.number({ above: 0, default: 1e-5, doc: 'Small number added to the variance.' }) }

/**
 * Layer norm over channels and the skeleton's activation. γ starts at 0 where the slot asks for a branch that is off at first.
 * @errors E_SHAPE when asked to change channels or size
 * @paper arXiv:1607.06450
 */
export function createLayerNormBlock({ epsilon }: OptionValues<typeof options>, context: PlaceContext): Block {
  expectKept('Layer norm', context, [1])
  const { inputChannels: channels, offers: { zero = false } = {} } = context
  return activated(createLayerNorm({ channels, epsilon, gamma: zero ? 0 : 1 }), context)
}

export const layerNorm: Component<'block', typeof options> = {
  doc: 'Layer norm over the channels of every position, followed by the activation of the model where there is one.',
  options,
  create: createLayerNormBlock,
}
