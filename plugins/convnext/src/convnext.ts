import {
  type Block,
  fail,
  type Model,
  type ModelContext,
  type ModelLayer,
  type OptionValues,
  opt,
  type Rng,
} from '@tricklab/core'
import type { Component, SlotDeclarations } from '@tricklab/core/plugin'
import {
  createActivationLayer,
  createAttentions,
  createConv2d,
  createDepthwiseConv2d,
  createDropPath,
  createGlobalAveragePool,
  createLayeredModel,
  createLayerNorm,
  createLayerScale,
  createLinear,
  joinResidual,
  normal,
  sequential,
  zeros,
} from '@tricklab/nn'

/** What tells the members of the family apart. */
export interface Variant {
  /** Blocks of each stage. */
  readonly depths: readonly number[]
  /** Channels of each stage. */
  readonly widths: readonly number[]
}

/** timm's small members of the family: the paper's smallest, tiny, has 28.6 million parameters. */
export const variants = {
  atto: { depths: [2, 2, 6, 2], widths: [40, 80, 160, 320] },
  femto: { depths: [2, 2, 6, 2], widths: [48, 96, 192, 384] },
  pico: { depths: [2, 2, 6, 2], widths: [64, 128, 256, 512] },
  nano: { depths: [2, 2, 8, 2], widths: [80, 160, 320, 640] },
} as const satisfies Record<string, Variant>

const slots = {
  act: { kind: 'activation', default: 'gelu' },
  attention: { kind: 'block', default: null, many: true },
} as const satisfies SlotDeclarations

const optionsOf = ({ depths, widths }: Variant) => ({
  depths: opt.integers({ min: 1, default: depths, unit: 'blocks', doc: 'Number of blocks in each stage.' }),
  widths: opt.integers({ min: 1, default: widths, unit: 'channels', doc: 'Channels of each stage.' }),
  patch: opt.integer({ min: 1, default: 4, unit: 'pixels', doc: 'Size and stride of the first convolution.' }),
  dropPath: opt.number({
    min: 0,
    below: 1,
    default: 0,
    doc: 'Share of images without the branch of the last block (stochastic depth); it grows linearly from 0 in the first block.',
  }),
  layerScale: opt.number({
    min: 0,
    default: 1e-6,
    doc: 'Number at which the learned factors at the end of every branch start; 0 leaves them out.',
  }),
})

type Options = ReturnType<typeof optionsOf>

/** Convolutions and the last layer start normal with deviation 0.02, biases at 0. */
const start = { bias: true, weight: normal(0.02), biasStart: zeros } as const

const createNorm = (channels: number) => createLayerNorm({ channels, epsilon: 1e-6 })

/** A convolution of windows side by side, without a border. */
const createPatches = (inputChannels: number, outputChannels: number, size: number, init: Rng) =>
  createConv2d({ inputChannels, outputChannels, kernelSize: size, stride: size, padding: 0, ...start, init })

/**
 * A block: `x + γ · fc2(act(fc1(norm(depthwise(x)))))`, with four times the channels between the last two convolutions.
 * @shape `[N, H, W, channels]`, kept
 */
function createBlock(
  { layerScale, dropPath }: OptionValues<Options>,
  { channels, context, init }: { channels: number; context: ModelContext; init: Rng },
): Block {
  const inner = 4 * channels
  const branch = sequential({
    conv_dw: createDepthwiseConv2d({ channels, kernelSize: 7, stride: 1, ...start, init: init.scope('conv_dw') }),
    norm: createNorm(channels),
    mlp: sequential({
      fc1: createPatches(channels, inner, 1, init.scope('mlp', 'fc1')),
      act: createActivationLayer(context.slot('act', 'activation').create({})),
      fc2: createPatches(inner, channels, 1, init.scope('mlp', 'fc2')),
    }),
    ...(layerScale === 0 ? {} : { scale: createLayerScale({ channels, start: layerScale }) }),
    ...createAttentions(channels, { slots: context, init }),
    ...(dropPath === 0 ? {} : { drop: createDropPath(dropPath) }),
  })
  return joinResidual({ branch, shortcut: sequential({}) }, { activate: false })
}

/**
 * ConvNeXt: patches of the image, then stages of blocks with a norm and a 2 × 2 convolution of stride 2 between them, the mean
 * over positions, a norm and a linear layer. Names of layers and the start of weights are timm's.
 * @paper arXiv:2201.03545
 * @differs none from timm; truncated normal values are drawn untruncated there too, for it cuts at 100 deviations
 * @errors E_OPTION_RANGE when `depths` and `widths` are not equally long
 */
function createConvnext(values: OptionValues<Options>, context: ModelContext): Model {
  const { depths, widths, patch, dropPath } = values
  const { imageShape, classes, init } = context
  if (depths.length !== widths.length || depths.length === 0) {
    fail('E_OPTION_RANGE', {
      what: 'convnext: `depths` and `widths` must name the same stages.',
      expected: 'a number of blocks and a width for every stage.',
      received: `depths ${JSON.stringify(depths)}, widths ${JSON.stringify(widths)}.`,
    })
  }
  const stem = {
    0: createPatches(imageShape[2], widths[0]!, patch, init.scope('stem', '0')),
    1: createNorm(widths[0]!),
  }
  const layers: ModelLayer[] = [{ name: 'stem', type: 'patches-norm', block: sequential(stem) }]
  const total = depths.reduce((sum, depth) => sum + depth)
  let done = 0
  for (const [stage, channels] of widths.entries()) {
    if (stage > 0) {
      const name = `stages/${stage}/downsample`
      const before = widths[stage - 1]!
      const parts = { 0: createNorm(before), 1: createPatches(before, channels, 2, init.scope(name, '1')) }
      layers.push({ name, type: 'norm-patches', block: sequential(parts) })
    }
    for (let index = 0; index < depths[stage]!; index++, done++) {
      const name = `stages/${stage}/blocks/${index}`
      const rate = total === 1 ? 0 : (dropPath * done) / (total - 1)
      const place = { channels, context, init: init.scope(name) }
      layers.push({ name, type: 'convnext-block', block: createBlock({ ...values, dropPath: rate }, place) })
    }
  }
  const last = widths.at(-1)!
  const head = {
    pool: createGlobalAveragePool(),
    norm: createNorm(last),
    fc: createLinear({ inputs: last, outputs: classes, ...start, init: init.scope('head', 'fc') }),
  }
  layers.push({ name: 'head', type: 'pool-norm-linear', block: sequential(head) })
  return createLayeredModel(layers, imageShape, classes)
}

/** Places are timm's own; norms have weight and bias there, and a layer scale has no place of its own. */
function timmNameOf(path: string): string {
  const places = path.replace(/\/scale\/gamma$/, '/scale').split('/')
  const leaf = { gamma: 'weight', beta: 'bias', scale: 'gamma' }[places.at(-1)!] ?? places.at(-1)!
  return [...places.slice(0, -1), leaf].join('.')
}

/** The component of a variant. */
export function convnext(name: string, variant: Variant): Component<'model', Options, typeof slots> {
  return {
    doc: `ConvNeXt ${name} as timm builds it.`,
    options: optionsOf(variant),
    slots,
    create: createConvnext,
    publishedName: timmNameOf,
  }
}
