import type { Block, Model, ModelContext, ModelLayer, Rng } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { joinResidual } from '../blocks/residual.ts'
import { kaimingNormal } from '../init.ts'
import { createBatchNorm } from '../layers/batch-norm.ts'
import { createConv2d } from '../layers/conv2d.ts'
import { createLinear } from '../layers/linear.ts'
import { createGlobalAveragePool, createMaxPool } from '../layers/parameter-free.ts'
import { collectParams, type Parts, sequential } from '../layers/sequential.ts'
import { fusedRelu } from '../ops/relu.ts'
import { createLayeredModel } from './layered.ts'
import { timmLeafOf } from './timm-leaf.ts'

interface Variant {
  /** Blocks of each stage. */
  readonly depths: readonly number[]
  /** Whether a block is 1 × 1, 3 × 3, 1 × 1 to four times the channels, and not two 3 × 3. */
  readonly bottleneck: boolean
}

const variants = {
  resnet18: { depths: [2, 2, 2, 2], bottleneck: false },
  resnet50: { depths: [3, 4, 6, 3], bottleneck: true },
} as const satisfies Record<string, Variant>

interface Window {
  readonly inputChannels: number
  readonly outputChannels: number
  readonly kernelSize: number
  readonly stride: number
}

const createConv = (window: Window, init: Rng): Block =>
  createConv2d({ ...window, bias: false, weight: kaimingNormal({ slope: 0, fan: 'out' }), init })

/**
 * timm's BasicBlock or Bottleneck: convolutions each with a norm, ReLU between them, and `relu(branch + downsample(x))`. The
 * stride is on a 3 × 3. γ of the last norm starts at 0, so every block starts as its shortcut.
 * @paper arXiv:1512.03385
 * @differs the paper has the stride of a bottleneck on its first 1 × 1
 */
function createBlock(
  { bottleneck }: Variant,
  inputChannels: number,
  channels: number,
  stride: number,
  init: Rng,
): Block {
  const steps = bottleneck
    ? [
        { kernelSize: 1, stride: 1, outputChannels: channels },
        { kernelSize: 3, stride, outputChannels: channels },
        { kernelSize: 1, stride: 1, outputChannels: 4 * channels },
      ]
    : [
        { kernelSize: 3, stride, outputChannels: channels },
        { kernelSize: 3, stride: 1, outputChannels: channels },
      ]
  const main: Record<string, Block> = {}
  let from = inputChannels
  for (const [index, step] of steps.entries()) {
    const [conv, last] = [`conv${index + 1}`, index === steps.length - 1]
    const { outputChannels } = step
    main[conv] = createConv({ ...step, inputChannels: from }, init.scope(conv))
    main[`bn${index + 1}`] = createBatchNorm({
      channels: outputChannels,
      ...(last ? { gamma: 0 } : { activation: fusedRelu }),
    })
    from = outputChannels
  }
  const downsample = createDownsample({ inputChannels, outputChannels: from, kernelSize: 1, stride }, init)
  const joined = joinResidual({ branch: sequential(main), shortcut: downsample }, { activate: true })
  return { ...joined, params: collectParams({ ...main, downsample }) }
}

/** The shortcut: a 1 × 1 convolution with the stride and a norm where shapes change, else nothing. */
function createDownsample(window: Window, init: Rng): Block {
  const { inputChannels, outputChannels, stride } = window
  if (stride === 1 && inputChannels === outputChannels) return sequential({})
  const parts: Parts = {
    '0': createConv(window, init.scope('downsample', '0')),
    '1': createBatchNorm({ channels: outputChannels }),
  }
  return sequential(parts)
}

/**
 * ResNet, names and initialisation as in timm: 7 × 7 stem with stride 2, max pool, four stages of 64, 128, 256 and 512
 * channels, four times as many out of bottlenecks, global average pool, linear head.
 * @paper arXiv:1512.03385
 * @differs none from timm; the paper has no zero-initialised γ and projects by stride-2 convolutions as well
 */
function createResnet(variant: Variant, { imageShape, classes, init }: ModelContext): Model {
  const { depths, bottleneck } = variant
  const stem = { inputChannels: imageShape[2], outputChannels: 64, kernelSize: 7, stride: 2 }
  const layers: ModelLayer[] = [
    { name: 'conv1', type: 'conv2d', block: createConv(stem, init.scope('conv1')) },
    { name: 'bn1', type: 'batch-norm', block: createBatchNorm({ channels: 64, activation: fusedRelu }) },
    { name: 'maxpool', type: 'max-pool', block: createMaxPool({ size: 3, stride: 2, padding: 1 }) },
  ]
  let inputChannels = 64
  for (const [stage, depth] of depths.entries()) {
    const channels = 64 * 2 ** stage
    for (let index = 0; index < depth; index++) {
      const name = `layer${stage + 1}/${index}`
      const stride = stage > 0 && index === 0 ? 2 : 1
      const block = createBlock(variant, inputChannels, channels, stride, init.scope(name))
      layers.push({ name, type: bottleneck ? 'bottleneck' : 'basic-block', block })
      inputChannels = bottleneck ? 4 * channels : channels
    }
  }
  const head = createLinear({ inputs: inputChannels, outputs: classes, init: init.scope('fc') })
  layers.push(
    { name: 'global_pool', type: 'global-average-pool', block: createGlobalAveragePool() },
    { name: 'fc', type: 'linear', block: head },
  )
  return createLayeredModel(layers, imageShape, classes)
}

/** Places are timm's own; only the leaves of norms have other names. */
function timmNameOf(path: string): string {
  const places = path.split('/')
  return [...places.slice(0, -1), timmLeafOf(places.at(-1)!)].join('.')
}

/** The component of a variant. */
export function resnet(name: keyof typeof variants): Component<'model', Record<never, never>, Record<never, never>> {
  return {
    doc: `ResNet-${name.slice('resnet'.length)} as timm builds it.`,
    options: {},
    create: (_options, context) => createResnet(variants[name], context),
    publishedName: timmNameOf,
  }
}
