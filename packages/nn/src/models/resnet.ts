import type { Block, Component, Model, ModelContext, ModelLayer, Rng } from '@tricklab/core'
import { kaimingNormal } from '../init.ts'
import { createBatchNorm } from '../layers/batch-norm.ts'
import { createConv2d } from '../layers/conv2d.ts'
import { createLinear } from '../layers/linear.ts'
import { createGlobalAveragePool, createMaxPool } from '../layers/parameter-free.ts'
import { collectParams, disposeParts, type Parts, sequential } from '../layers/sequential.ts'
import { addRelu } from '../ops/relu.ts'
import { createLayeredModel } from './layered.ts'
import { timmLeafOf } from './timm-names.ts'

function createPlainConv(spec: {
  inputChannels: number
  outputChannels: number
  kernelSize: number
  stride: number
  init: Rng
}): Block {
  return createConv2d({ ...spec, bias: false, weight: kaimingNormal({ slope: 0, fan: 'out' }) })
}

/**
 * timm's BasicBlock: `relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))`. γ of bn2 starts at 0, so every block
 * starts as its shortcut.
 * @paper arXiv:1512.03385
 */
function createBasicBlock(inputChannels: number, outputChannels: number, stride: number, init: Rng): Block {
  const main = {
    conv1: createPlainConv({ inputChannels, outputChannels, kernelSize: 3, stride, init: init.scope('conv1') }),
    bn1: createBatchNorm({ channels: outputChannels, activation: 'relu' }),
    conv2: createPlainConv({
      inputChannels: outputChannels,
      outputChannels,
      kernelSize: 3,
      stride: 1,
      init: init.scope('conv2'),
    }),
    bn2: createBatchNorm({ channels: outputChannels, gamma: 0 }),
  }
  return joinPlain(main, createDownsample(inputChannels, outputChannels, stride, init))
}

/**
 * timm's Bottleneck: 1 × 1, 3 × 3 with the stride, 1 × 1 to four times the channels, each with a norm; γ of bn3 starts at 0.
 * @paper arXiv:1512.03385
 * @differs the paper has the stride on the first 1 × 1
 */
function createBottleneck(inputChannels: number, channels: number, stride: number, init: Rng): Block {
  const outputChannels = 4 * channels
  const conv = (name: string, from: number, to: number, kernelSize: number, step = 1) =>
    createPlainConv({ inputChannels: from, outputChannels: to, kernelSize, stride: step, init: init.scope(name) })
  const main = {
    conv1: conv('conv1', inputChannels, channels, 1),
    bn1: createBatchNorm({ channels, activation: 'relu' }),
    conv2: conv('conv2', channels, channels, 3, stride),
    bn2: createBatchNorm({ channels, activation: 'relu' }),
    conv3: conv('conv3', channels, outputChannels, 1),
    bn3: createBatchNorm({ channels: outputChannels, gamma: 0 }),
  }
  return joinPlain(main, createDownsample(inputChannels, outputChannels, stride, init))
}

/** The shortcut: a 1 × 1 convolution with the stride and a norm where shapes change, else nothing. */
function createDownsample(inputChannels: number, outputChannels: number, stride: number, init: Rng): Block {
  if (stride === 1 && inputChannels === outputChannels) return sequential({})
  return sequential({
    '0': createPlainConv({ inputChannels, outputChannels, kernelSize: 1, stride, init: init.scope('downsample', '0') }),
    '1': createBatchNorm({ channels: outputChannels }),
  })
}

/** Places are timm's own; only the leaves of norms have other names. */
const timmNameOf = (path: string) => {
  const places = path.split('/')
  return [...places.slice(0, -1), timmLeafOf(places.at(-1)!)].join('.')
}

/** `relu(main(x) + downsample(x))` */
function joinPlain(main: Parts, downsample: Block): Block {
  const branch = sequential(main)
  const parts = { ...main, downsample }
  return {
    params: collectParams(parts),
    outputShape: (input) => branch.outputShape(input),
    macs: (input) => branch.macs(input) + downsample.macs(input),
    apply: (images, context) => addRelu(branch.apply(images, context), downsample.apply(images, context)),
    dispose: () => disposeParts(parts),
  }
}

interface Variant {
  /** Blocks of each stage. */
  readonly depths: readonly number[]
  readonly bottleneck: boolean
}

/**
 * ResNet, names and initialisation as in timm: 7 × 7 stem with stride 2, max pool, four stages of 64, 128, 256 and 512
 * channels, four times as many out of bottlenecks, global average pool, linear head.
 * @paper arXiv:1512.03385
 * @differs none from timm; the paper has no zero-initialised γ and projects by stride-2 convolutions as well
 */
function createResnet({ depths, bottleneck }: Variant, { imageShape, classes, init }: ModelContext): Model {
  const layers: ModelLayer[] = [
    {
      name: 'conv1',
      type: 'conv2d',
      block: createPlainConv({
        inputChannels: imageShape[2],
        outputChannels: 64,
        kernelSize: 7,
        stride: 2,
        init: init.scope('conv1'),
      }),
    },
    { name: 'bn1', type: 'batch-norm', block: createBatchNorm({ channels: 64, activation: 'relu' }) },
    { name: 'maxpool', type: 'max-pool', block: createMaxPool({ size: 3, stride: 2, padding: 1 }) },
  ]
  let inputChannels = 64
  for (const [stage, depth] of depths.entries()) {
    const channels = 64 * 2 ** stage
    for (let index = 0; index < depth; index++) {
      const name = `layer${stage + 1}/${index}`
      const stride = stage > 0 && index === 0 ? 2 : 1
      layers.push({
        name,
        type: bottleneck ? 'bottleneck' : 'basic-block',
        block: (bottleneck ? createBottleneck : createBasicBlock)(inputChannels, channels, stride, init.scope(name)),
      })
      inputChannels = bottleneck ? 4 * channels : channels
    }
  }
  layers.push(
    { name: 'global_pool', type: 'global-average-pool', block: createGlobalAveragePool() },
    {
      name: 'fc',
      type: 'linear',
      block: createLinear({ inputs: inputChannels, outputs: classes, init: init.scope('fc') }),
    },
  )
  return createLayeredModel(layers, imageShape, classes)
}

export const resnet18: Component<'model', Record<never, never>, Record<never, never>> = {
  doc: 'ResNet-18 as timm builds it.',
  options: {},
  create: (_options, context) => createResnet({ depths: [2, 2, 2, 2], bottleneck: false }, context),
  publishedName: timmNameOf,
}

export const resnet50: Component<'model', Record<never, never>, Record<never, never>> = {
  doc: 'ResNet-50 as timm builds it.',
  options: {},
  create: (_options, context) => createResnet({ depths: [3, 4, 6, 3], bottleneck: true }, context),
  publishedName: timmNameOf,
}
