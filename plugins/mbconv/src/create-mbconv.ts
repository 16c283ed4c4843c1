import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import {
  applyDropConnect,
  applyPart,
  collectParams,
  createBatchNorm,
  createConv2d,
  createDepthwiseConv2d,
  createSqueezeExcite,
  disposeParts,
  drawDropConnect,
  kaimingNormal,
  type LayerPadding,
  type Parts,
  sequential,
  swishActivation,
} from '@tricklab/nn'
import { activationPart } from './activation-part.ts'
import { squeezedWidth } from './squeezed-width.ts'

export const options = {
  expand: opt.integer({ min: 1, default: 6, doc: 'Channels inside to those that enter; 1: no first convolution.' }),
  squeeze: opt.number({
    min: 0,
    max: 1,
    default: 0.25,
    doc: 'Width inside squeeze-and-excitation, as a share of the channels that enter; 0: none.',
  }),
  skip: opt.boolean({ default: true, doc: 'Add the input where shapes match: at stride 1 and equal channels.' }),
  dropConnect: opt.number({
    min: 0,
    below: 1,
    default: 0,
    doc: 'Probability that a sample loses the branch in training; where nothing is added, nothing is dropped.',
  }),
  padding: opt.choice(['same', 'symmetric'], {
    default: 'same',
    doc: "TensorFlow's, with the odd zero below and to the right, or PyTorch's.",
  }),
  normMomentum: opt.number({
    above: 0,
    max: 1,
    default: 0.01,
    doc: "Weight of the newest batch in the norms' running statistics.",
  }),
  normEpsilon: opt.number({ above: 0, default: 1e-3, doc: 'Added to the variance by the norms.' }),
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
  const act = activationPart(activation)
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
