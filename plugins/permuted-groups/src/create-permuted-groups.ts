import { type Block, type BlockContext, createRng, fail, type OptionValues, opt } from '@tricklab/core'
import { activated, createGroupedConv2d, kaimingNormal } from '@tricklab/nn'
import { designs, drawLinks } from './designs.ts'

export const options = {
  channelsPerGroup: opt.integer({ min: 1, default: 8, unit: 'channels', doc: 'Number of input channels per group.' }),
  groups: opt.integer({
    min: 0,
    default: 0,
    unit: 'groups',
    doc: 'Number of groups, whatever the number of channels; 0 computes it from `channelsPerGroup`.',
  }),
  design: opt.choice(designs, {
    default: '4-cycles',
    doc: 'The rule for the group that each group reads: itself (`none`), the one before it in cycles of two, four or all groups (`2-cycles`, `4-cycles`, `n-cycle`), or random neighbours (`small-world`).',
  }),
  links: opt.integer({
    min: 1,
    max: 3,
    default: 2,
    unit: 'groups',
    doc: 'Number of groups that each group reads, in the design `small-world`.',
  }),
  rewire: opt.number({
    min: 0,
    max: 1,
    default: 0.1,
    unit: 'probability',
    doc: 'Probability that a link leads to another meta-group, in the design `small-world`.',
  }),
  wiring: opt.integer({
    min: 0,
    default: 0,
    unit: 'seed',
    doc: 'Seed of the random links, in the design `small-world`.',
  }),
}

/**
 * Grouped convolution whose groups read one another: the ordinary grouped convolution of permuted channels, as one kernel.
 * Kaiming-normal over the inputs that an output has.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`
 * @errors E_SHAPE where groups do not fit the channels; E_OPTION_RANGE for options of the small world in another design
 * @paper none: forums.fast.ai/t/64806; channel shuffle: arXiv:1707.01083
 * @differs the source makes one group where channels do not divide; here that is an error
 */
export function createPermutedGroups(values: OptionValues<typeof options>, context: BlockContext): Block {
  const { inputChannels, outputChannels, kernelSize, stride, init } = context
  const block = createGroupedConv2d({
    ...{ inputChannels, outputChannels, kernelSize, stride, init },
    ...wireGroups(values, inputChannels),
    weight: kaimingNormal({ slope: 0, fan: 'in' }),
  })
  return activated(block, context)
}

/**
 * How many groups the options make of so many channels, and which of them each one reads.
 * @errors as createPermutedGroups
 */
export function wireGroups(
  values: OptionValues<typeof options>,
  inputChannels: number,
): { groups: number; links: readonly (readonly number[])[] } {
  checkDesign(values)
  const { design, links, rewire, wiring } = values
  const groups = countGroups(values, inputChannels)
  // Of the recipe, not of the run: weights then fit every network of the recipe.
  const stream = createRng(wiring).at('permuted-groups', groups)
  return { groups, links: drawLinks(design, groups, { links, rewire }, stream) }
}

function countGroups({ channelsPerGroup, groups }: OptionValues<typeof options>, inputChannels: number): number {
  if (groups > 0) return groups
  if (inputChannels % channelsPerGroup === 0) return inputChannels / channelsPerGroup
  return fail('E_SHAPE', {
    what: 'Permuted groups cannot divide the channels that come in.',
    expected: `a multiple of ${channelsPerGroup} channels.`,
    received: `${inputChannels} channels.`,
    fix: 'choose another `channelsPerGroup` or another width of the model.',
  })
}

function checkDesign(values: OptionValues<typeof options>): void {
  const { design, links, rewire, wiring } = values
  const own = (['links', 'rewire', 'wiring'] as const).some((name) => values[name] !== options[name].default)
  if (design === 'small-world' || !own) return
  fail('E_OPTION_RANGE', {
    what: `permuted-groups: \`links\`, \`rewire\` and \`wiring\` have no effect with the design "${design}".`,
    expected: 'these options only with the design "small-world".',
    received: `links ${links}, rewire ${rewire}, wiring ${wiring}.`,
  })
}
