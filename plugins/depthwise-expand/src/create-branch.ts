import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import {
  activated,
  createBatchNormBlock,
  createConvNorm,
  type Parts,
  type PlaceContext,
  sequential,
} from '@tricklab/nn'
import { createExpandingDepthwise, multiplier } from './depthwise.ts'

export const branchOptions = {
  multiplier,
  between: opt.choice(['nothing', 'norm', 'norm-activation'], {
    default: 'nothing',
    doc: 'The layers after the depthwise convolution: `nothing`, a `norm`, or a norm and the activation (`norm-activation`).',
  }),
}

/**
 * The convolutions of a residual branch with a depthwise 3 × 3 that multiplies the channels: 1 × 1, depthwise with the
 * stride, 1 × 1 back from `multiplier` times the channels; where `expansion` is 1, twice depthwise and 1 × 1. The last norm
 * starts at 0.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`
 * @paper none: liuyao12's ResNet_separable; depthwise convolutions: arXiv:1704.04861
 * @differs none with "nothing"; versions of the source have the other two
 */
export function createDepthwiseBranch(options: OptionValues<typeof branchOptions>, context: PlaceContext): Block {
  const { inputChannels, outputChannels, kernelSize, stride, offers: { expansion = 1, zero = true } = {} } = context
  const inner = outputChannels / expansion
  const plain = { kernelSize: 1, stride: 1 }
  const last = { ...plain, outputChannels, activate: false, zero }
  const expanded = inner * options.multiplier
  const depthwise = (channels: number, step: number, name: string) =>
    createExpandedDepthwise(options, context, { channels, kernelSize, stride: step, name })
  if (expansion === 1) {
    const first = inputChannels * options.multiplier
    const middle = { ...plain, inputChannels: first, outputChannels: inner, activate: true }
    return activated(
      sequential({
        ...depthwise(inputChannels, stride, '1'),
        ...createConvNorm(context, middle, { suffix: '1' }),
        ...depthwise(inner, 1, '2'),
        ...createConvNorm(context, { ...last, inputChannels: expanded }, { suffix: '2' }),
      }),
      context,
    )
  }
  const first = { ...plain, inputChannels, outputChannels: inner, activate: true }
  return activated(
    sequential({
      ...createConvNorm(context, first, { suffix: '1' }),
      ...depthwise(inner, stride, ''),
      ...createConvNorm(context, { ...last, inputChannels: expanded }, { suffix: '2' }),
    }),
    context,
  )
}

/** The depthwise convolution, and what follows it before the 1 × 1. */
function createExpandedDepthwise(
  { multiplier, between }: OptionValues<typeof branchOptions>,
  { activation, slots, init }: BlockContext,
  spec: { channels: number; kernelSize: number; stride: number; name: string },
): Parts {
  const { channels, kernelSize, stride } = spec
  const name = `depthwise${spec.name}`
  const depthwise = createExpandingDepthwise({ channels, multiplier, kernelSize, stride, init: init.scope(name) })
  if (between === 'nothing') return { [name]: depthwise }
  const normName = `${name}Norm`
  const place = {
    ...{ inputChannels: channels * multiplier, outputChannels: channels * multiplier, kernelSize: 1, stride: 1 },
    activate: between === 'norm-activation',
    ...(activation === undefined ? {} : { activation }),
    init: init.scope(normName),
  }
  const norm = slots?.slot('norm').create(place) ?? createBatchNormBlock({ epsilon: 1e-5, momentum: 0.1 }, place)
  return { [name]: depthwise, [normName]: norm }
}
