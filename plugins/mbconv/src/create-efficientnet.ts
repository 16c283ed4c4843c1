import { type Block, type Model, type ModelContext, type ModelLayer, type OptionValues, opt } from '@tricklab/core'
import type { Component, SlotDeclarations } from '@tricklab/core/plugin'
import {
  createActivationLayer,
  createBatchNorm,
  createConv2d,
  createGlobalAveragePool,
  createLayeredModel,
  createLinear,
  dropout,
  fusedLinear,
  type Initializer,
  sequential,
  zeros,
} from '@tricklab/nn'
import { options as blockOptions, convStart, createMbconv, paddingOf } from './create-mbconv.ts'
import { planEfficientnet } from './plan.ts'
import { timmNameOf } from './timm-names.ts'
import type { Scaling } from './variants.ts'

const slots = {
  act: { kind: 'activation', default: 'swish' },
  head: { kind: 'block', default: null },
} as const satisfies SlotDeclarations

function optionsOf({ width, depth, dropout }: Scaling) {
  const { expand: _byStage, dropConnect: _bySchedule, ...shared } = blockOptions
  return {
    width: opt.number({
      above: 0,
      default: width,
      doc: 'Factor for the number of channels, which is then rounded to a multiple of 8.',
    }),
    depth: opt.number({
      above: 0,
      default: depth,
      doc: 'Factor for the number of blocks in each stage, which is then rounded up.',
    }),
    dropout: opt.number({
      min: 0,
      below: 1,
      default: dropout,
      doc: 'Share of the features that are dropped before the last layer; it has no effect when a block fills the slot `head`.',
    }),
    dropConnect: opt.number({
      min: 0,
      below: 1,
      default: 0.2,
      doc: 'Probability that a training sample skips a block. It grows linearly over the blocks: block i of n, counted from 0, has i/n of this number.',
    }),
    ...shared,
  }
}

type EfficientnetOptions = ReturnType<typeof optionsOf>

/**
 * EfficientNet: 3 × 3 stem with stride 2, stages of MBConv by compound scaling, 1 × 1 convolution, mean over positions,
 * dropout, linear layer. Convolutions are normal with deviation √(2 / fanOut), the last layer uniform in ±1/√classes,
 * biases 0.
 * @paper arXiv:1905.11946
 * @differs none from the reference code
 */
function createEfficientnet(values: OptionValues<EfficientnetOptions>, context: ModelContext): Model {
  const { width, depth, dropConnect, normMomentum: momentum, normEpsilon: epsilon, padding } = values
  const { imageShape, classes, init } = context
  const plan = planEfficientnet({ width, depth })
  const activation = context.slot('act', 'activation').create({})
  const act = createActivationLayer(activation)

  const createConvNorm = (name: string, from: number, to: number, kernelSize: number, stride: number): ModelLayer => {
    const spec = { inputChannels: from, outputChannels: to, kernelSize, stride, bias: false, weight: convStart }
    const conv = createConv2d({ ...spec, padding: paddingOf(padding, kernelSize), init: init.scope(name, 'conv') })
    const norm = createBatchNorm({ channels: to, momentum, epsilon })
    return { name, type: 'conv-norm', block: sequential({ conv, norm, act }) }
  }
  const layers: ModelLayer[] = [createConvNorm('stem', imageShape[2], plan.stem, 3, 2)]
  for (const { name, dropShare, expand, ...window } of plan.blocks) {
    const block = createMbconv(
      { ...values, expand, dropConnect: dropConnect * dropShare },
      { ...window, activate: false, activation, init: init.scope(name) },
    )
    layers.push({ name, type: 'mbconv', block })
  }
  layers.push(createConvNorm('top', plan.blocks.at(-1)!.outputChannels, plan.head, 1, 1))

  const filled = context.optionalSlot('head')
  const headContext = { inputChannels: plan.head, outputChannels: classes, kernelSize: 1, stride: 1, activate: false }
  const head =
    filled?.create({ ...headContext, activation, slots: context, init: init.scope('head') }) ??
    sequential({
      pool: createGlobalAveragePool(),
      dropout: dropoutPart(values.dropout),
      linear: createLinear({
        ...{ inputs: plan.head, outputs: classes, init: init.scope('head', 'linear') },
        ...{ weight: denseStart, biasStart: zeros },
      }),
    })
  layers.push({ name: 'head', type: filled?.use ?? 'dropout-linear', block: head })
  return createLayeredModel(layers, imageShape, classes)
}

/** The reference's start of the last layer: uniform in ±1/√outputs. */
const denseStart: Initializer = (shape, stream) => {
  const bound = 1 / Math.sqrt(shape.at(-1)!)
  return Float32Array.from({ length: shape[0]! * shape[1]! }, () => bound * (2 * stream.uniform() - 1))
}

function dropoutPart(rate: number): Block {
  return {
    ...createActivationLayer({ apply: (x) => x, fused: fusedLinear }),
    apply: (images, { training, rng }) => (training ? dropout(images, rate, rng.at('key').integer(2 ** 32)) : images),
  }
}

/** The component of a scaling. */
export function efficientnet(name: string, scaling: Scaling): Component<'model', EfficientnetOptions, typeof slots> {
  return {
    doc: `${name} for images of ${scaling.imageSize} px, with width factor ${scaling.width} and depth factor ${scaling.depth}.`,
    options: optionsOf(scaling),
    slots,
    create: createEfficientnet,
    publishedName: timmNameOf,
  }
}
