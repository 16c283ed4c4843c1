import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import {
  applyDropConnect,
  applyPart,
  collectParams,
  createActivationLayer,
  createBatchNorm,
  createConv2d,
  createDepthwiseConv2d,
  createSqueezeExcite,
  disposeParts,
  drawDropConnect,
  kaimingNormal,
  keptInLine,
  type LayerPadding,
  type Parts,
  sequential,
  swishActivation,
} from '@tricklab/nn'
import { squeezedWidth } from './squeezed-width.ts'

export const options = {
  expand: opt.integer({
    min: 1,
    default: 6,
    doc: 'Channels inside the block divided by its input channels; 1 leaves out the first convolution.',
  }),
  squeeze: opt.number({
    min: 0,
    max: 1,
    default: 0.25,
    doc: 'Width of squeeze-and-excitation, as a share of the input channels of the block; 0 leaves it out.',
  }),
  skip: opt.boolean({
    default: true,
    doc: 'Whether a block adds its input to its output where both have the same shape (stride 1, equal channels).',
  }),
  dropConnect: opt.number({
    min: 0,
    below: 1,
    default: 0,
    doc: 'Probability that a training sample skips the branch; it has no effect in a block that does not add its input.',
  }),
  padding: opt.choice(['same', 'symmetric'], {
    default: 'same',
    doc: 'Zero padding of convolutions: `same` as in TensorFlow, where an odd zero goes to the bottom and right, or `symmetric` as in PyTorch.',
  }),
  normMomentum: opt.number({
    above: 0,
    max: 1,
    default: 0.01,
    doc: 'Weight of the newest batch in the running mean and variance of norms.',
  }),
  normEpsilon: opt.number({ above: 0, default: 1e-3, doc: 'Small number that norms add to the variance.' }),
}

export type MbconvValues = OptionValues<typeof options>

/** The reference's start of every convolution: normal with deviation √(2 / fanOut); of a depthwise one fanOut = k². */
export const convStart = kaimingNormal({ slope: 0, fan: 'out' })

/** Zeros around an image, by the option's name. */
export const paddingOf = (name: 'same' | 'symmetric', kernelSize: number): LayerPadding =>
  name === 'same' ? 'same' : Math.floor(kernelSize / 2)

/**
 * MBConv, the inverted bottleneck: 1 × 1 expansion, norm, activation; k × k depthwise convolution with the stride, norm,
 * activation; squeeze-and-excitation; 1 × 1 projection and norm, without an activation. At stride 1 and equal channels
 * drop-connect and the sum with the input follow.
 *
 * The activation is the skeleton's, swish where it names none. The slot's `activate` adds one behind the sum.
 * @shape `[N, H, W, inputChannels]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, outputChannels]`
 * @paper arXiv:1801.04381, with squeeze-and-excitation: arXiv:1807.11626; drop-connect: arXiv:1603.09382
 * @differs none from EfficientNet's reference
 */
export function createMbconv(values: MbconvValues, context: BlockContext): Block {
  const { expand, squeeze, skip, dropConnect, padding, normMomentum: momentum, normEpsilon: epsilon } = values
  const { inputChannels, outputChannels, kernelSize, stride, activate, activation = swishActivation, init } = context
  const inner = inputChannels * expand
  const adds = skip && stride === 1 && inputChannels === outputChannels

  const createPointwise = (from: number, to: number, name: string) =>
    createConv2d({
      ...{ inputChannels: from, outputChannels: to, kernelSize: 1, stride: 1, bias: false },
      ...{ weight: convStart, init: init.scope(name) },
    })
  const createNorm = (channels: number) => createBatchNorm({ channels, momentum, epsilon })
  const depthwise = { channels: inner, kernelSize, stride, padding: paddingOf(padding, kernelSize), weight: convStart }
  const hidden = squeezedWidth(inputChannels, squeeze)
  const act = createActivationLayer(activation)
  const parts: Parts = {
    ...(expand === 1
      ? {}
      : { expand: createPointwise(inputChannels, inner, 'expand'), expandNorm: createNorm(inner), expandAct: act }),
    depthwise: createDepthwiseConv2d({ ...depthwise, init: init.scope('depthwise') }),
    depthwiseNorm: createNorm(inner),
    depthwiseAct: act,
    ...(squeeze === 0
      ? {}
      : {
          squeeze: createSqueezeExcite({
            ...{ channels: inner, hidden, activation, weight: convStart, init: init.scope('squeeze') },
          }),
        }),
    project: createPointwise(inner, outputChannels, 'project'),
    projectNorm: createNorm(outputChannels),
  }
  const branch = sequential(parts)
  return {
    params: collectParams(parts),
    outputShape: (input) => branch.outputShape(input),
    macs: (input) => branch.macs(input),
    kept(input) {
      const kept = keptInLine([branch], input)
      const [height, width, channels] = branch.outputShape(input)
      // The sum keeps what it adds, drop-connect the branch beside; an activation behind them the sum.
      const copies = (adds ? 1 : 0) + (adds && dropConnect > 0 ? 1 : 0) + (activate ? 1 : 0)
      return { ...kept, inside: kept.inside + copies * height * width * channels }
    },
    apply(images, apply) {
      let result = branch.apply(images, apply)
      if (adds) {
        if (apply.training && dropConnect > 0) {
          const factors = drawDropConnect(apply.rng.at('drop-connect'), images.shape[0], dropConnect)
          result = applyDropConnect(result, factors)
        }
        result = tf.add(result, images)
      }
      return activate ? applyPart('act', act, result, apply) : result
    },
    dispose: () => disposeParts(parts),
  }
}
