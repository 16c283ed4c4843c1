import { type Block, fail, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { sequential } from '../layers/sequential.ts'
import { activated } from './activated.ts'
import type { PlaceContext } from './offers.ts'
import { createConvolutions } from './residual.ts'

const options = {
  groups: opt.integer({
    min: 1,
    default: 32,
    unit: 'groups',
    doc: 'Number of groups of the 3 × 3 convolution that has the stride.',
  }),
  baseWidth: opt.integer({
    min: 1,
    default: 4,
    unit: 'channels',
    doc: 'Channels per group in a stage of 64 channels; groups of wider stages are wider in proportion.',
  }),
}

/**
 * ResNeXt's branch: the 3 × 3 with the stride stands in groups, between `⌊w · baseWidth / 64⌋ · groups` channels, where w is
 * the output divided by the expansion. Without a bottleneck the second 3 × 3 is an ordinary one.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`
 * @errors E_SHAPE where that leaves no channels, or groups do not divide the input
 * @paper arXiv:1611.05431
 * @differs the paper has bottlenecks alone; two 3 × 3 as in fastai
 */
export function createResnextBranch({ groups, baseWidth }: OptionValues<typeof options>, context: PlaceContext): Block {
  const { outputChannels, offers: { expansion = 1 } = {} } = context
  const inner = Math.floor((outputChannels / expansion) * (baseWidth / 64)) * groups
  if (inner === 0) {
    fail('E_SHAPE', {
      what: `block "resnext-branch": base width ${baseWidth} leaves groups without channels.`,
      expected: `a stage of ${Math.ceil(64 / baseWidth)} channels at least.`,
      received: `${outputChannels / expansion} channels.`,
      fix: 'choose a larger `baseWidth` or another width of the model.',
    })
  }
  return activated(sequential(Object.assign({}, ...createConvolutions(context, { inner, groups }))), context)
}

export const resnextBranch: Component<'block', typeof options> = {
  doc: 'The convolutions of a residual block as in ResNeXt: wider inside, with a grouped 3 × 3 convolution that has the stride.',
  options,
  create: createResnextBranch,
}
