import {
  type BlockContext,
  fail,
  type Model,
  type ModelContext,
  type ModelLayer,
  type OptionValues,
  opt,
} from '@tricklab/core'
import type { Component, SlotDeclarations, SlotReader } from '@tricklab/core/plugin'
import { createConvNorm } from '../blocks/conv-norm.ts'
import { createMaxPoolBlock } from '../blocks/pools.ts'
import { sequential } from '../layers/sequential.ts'
import { createLayeredModel } from './layered.ts'
import { timmLeafOf } from './timm-leaf.ts'

/** What tells the variants apart: blocks a stage, and output channels of a block to those inside it. */
const xresnetVariants = {
  xresnet18: { layers: [2, 2, 2, 2], expansion: 1 },
  xresnet34: { layers: [3, 4, 6, 3], expansion: 1 },
  xresnet50: { layers: [3, 4, 6, 3], expansion: 4 },
  xresnet101: { layers: [3, 4, 23, 3], expansion: 4 },
  xresnet152: { layers: [3, 8, 36, 3], expansion: 4 },
} as const satisfies Record<string, Variant>

interface Variant {
  readonly layers: readonly number[]
  readonly expansion: number
}

const lastOfStage = /^stage(\d+)-last$/

const slots = {
  stem: { kind: 'block', default: null },
  conv: 'conv2d',
  norm: 'batch-norm',
  act: { kind: 'activation', default: 'relu' },
  pool: { kind: 'block', default: null, places: ['everywhere', 'stem', 'shortcut'] },
  attention: {
    kind: 'block',
    default: null,
    many: true,
    places: ['every-block', 'stage1-last', 'stage2-last', 'stage3-last', 'stage4-last'],
  },
  residual: 'xresnet-block',
  branch: { kind: 'block', default: null },
  swap: { kind: 'block', default: null },
  head: 'linear-head',
} as const satisfies SlotDeclarations

function optionsOf({ layers, expansion }: Variant) {
  return {
    layers: opt.integers({ min: 1, default: layers, doc: 'Number of residual blocks in each stage.' }),
    widths: opt.integers({
      min: 1,
      default: [64, 128, 256, 512],
      unit: 'channels',
      doc: 'Channels inside the blocks of each stage; a block has `expansion` times as many output channels.',
    }),
    expansion: opt.integer({
      min: 1,
      default: expansion,
      doc: 'Output channels of a block divided by the channels inside it. At 1 a block has two 3 × 3 convolutions; above 1 it is a bottleneck of 1 × 1, 3 × 3 and 1 × 1.',
    }),
    stemWidths: opt.integers({
      min: 1,
      default: [32, 32, 64],
      unit: 'channels',
      doc: 'Output channels of each 3 × 3 convolution of the stem; the first has stride 2.',
    }),
    outputs: opt.integer({
      min: 0,
      default: 0,
      unit: 'scores',
      doc: 'Number of scores; 0 means one per class. The sources train 1000 outputs on ten classes, and the other 990 are never the right answer.',
    }),
  }
}

type XresnetOptions = ReturnType<typeof optionsOf>

/**
 * ResNet with the bag of tricks: a stem of three 3 × 3 convolutions, stride on the 3 × 3 of a block, pooled shortcuts,
 * γ of each block's last norm at 0. Convolutions and the head are kaiming-normal, biases 0.
 * @paper arXiv:1812.01187
 * @differs none from fastai's xresnet; the paper's stem is 32, 32, 64 as the default here
 * @errors E_OPTION_RANGE when lists of stages are not equally long, or a place names a stage that is not there
 */
function createXresnet(values: OptionValues<XresnetOptions>, context: ModelContext): Model {
  const { layers: depths, widths, expansion, stemWidths } = values
  const { imageShape, init } = context
  const outputs = values.outputs === 0 ? context.classes : values.outputs
  checkStages(values, context)

  const activation = context.slot('act', 'activation').create({})
  const stem = createStem(stemWidths, { ...context, activation })
  const pool = { inputChannels: stemWidths.at(-1)!, outputChannels: stemWidths.at(-1)!, kernelSize: 3, stride: 2 }
  const layers: ModelLayer[] = [
    ...stem,
    createStemPool({ ...pool, activate: false, init: init.scope('pool') }, context),
  ]

  const residual = context.slot('residual')
  let inputChannels = pool.outputChannels
  for (const [stage, depth] of depths.entries()) {
    for (let index = 0; index < depth; index++) {
      const name = `stage${stage + 1}/block${index + 1}`
      const block = residual.create({
        inputChannels,
        outputChannels: widths[stage]! * expansion,
        stride: stage > 0 && index === 0 ? 2 : 1,
        kernelSize: 3,
        offers: { expansion },
        activate: true,
        activation,
        slots: slotsAt(context, { stage: stage + 1, last: index === depth - 1 }),
        init: init.scope(name),
      })
      layers.push({ name, type: residual.use, block })
      inputChannels = widths[stage]! * expansion
    }
  }

  const head = context.slot('head')
  const headContext = { inputChannels, outputChannels: outputs, kernelSize: 1, stride: 1, activate: false }
  const block = head.create({ ...headContext, activation, slots: context, init: init.scope('head') })
  layers.push({ name: 'head', type: head.use, block })
  return createLayeredModel(layers, imageShape, outputs)
}

/** The slot `stem`, or 3 × 3 convolutions with norm and activation; halves the image. */
function createStem(
  widths: readonly number[],
  context: ModelContext & Pick<BlockContext, 'activation'>,
): readonly ModelLayer[] {
  const channels = [context.imageShape[2], ...widths]
  const window = { kernelSize: 3, activate: true }
  const filled = context.optionalSlot('stem')
  if (filled !== undefined) {
    const ends = { inputChannels: channels[0]!, outputChannels: channels.at(-1)!, stride: 2 }
    const { activation, init } = context
    const block = filled.create({
      ...window,
      ...ends,
      ...(activation && { activation }),
      slots: context,
      init: init.scope('stem'),
    })
    return [{ name: 'stem', type: filled.use, block }]
  }
  return widths.map((outputChannels, index) => {
    const name = `stem/${index + 1}`
    const spec = { ...window, inputChannels: channels[index]!, outputChannels, stride: index === 0 ? 2 : 1 }
    const parts = createConvNorm({ ...context, slots: context, init: context.init.scope(name) }, spec)
    return { name, type: 'conv-norm', block: sequential(parts) }
  })
}

function createStemPool(pool: BlockContext, { optionalSlot }: SlotReader): ModelLayer {
  const filled = optionalSlot('pool')
  return filled === undefined || filled.where === 'shortcut'
    ? { name: 'pool', type: 'max-pool', block: createMaxPoolBlock(pool) }
    : { name: 'pool', type: filled.use, block: filled.create(pool) }
}

/** The slots as they are filled at one residual block. */
function slotsAt(
  { slot, optionalSlot, slotUses }: SlotReader,
  { stage, last }: { stage: number; last: boolean },
): SlotReader {
  const here: Readonly<Record<string, (where: string | undefined) => boolean>> = {
    pool: (where) => where !== 'stem',
    attention: (where) => where === 'every-block' || (last && where === `stage${stage}-last`),
  }
  const stands = (name: string, where: string | undefined) => here[name]?.(where) ?? true
  return {
    slot,
    optionalSlot(name, kind) {
      const filled = optionalSlot(name, kind)
      return filled !== undefined && stands(name, filled.where) ? filled : undefined
    },
    slotUses: (name, kind) => slotUses(name, kind).filter(({ where }) => stands(name, where)),
  }
}

function checkStages({ layers, widths, stemWidths }: OptionValues<XresnetOptions>, { slotUses }: SlotReader): void {
  if (layers.length !== widths.length || layers.length === 0 || stemWidths.length === 0) {
    fail('E_OPTION_RANGE', {
      what: 'xresnet: `layers` and `widths` must name the same stages, and the stem needs a width.',
      expected: 'a number of blocks and a width for every stage, and at least one stem width.',
      received: `layers ${JSON.stringify(layers)}, widths ${JSON.stringify(widths)}, stemWidths ${JSON.stringify(stemWidths)}.`,
    })
  }
  for (const { use, where = '' } of slotUses('attention')) {
    if (Number(lastOfStage.exec(where)?.[1] ?? 0) <= layers.length) continue
    fail('E_OPTION_RANGE', {
      what: `xresnet: the attention "${use}" cannot stand at "${where}": the model has only ${layers.length} stages.`,
      expected: `a stage up to ${layers.length}.`,
      received: `"${where}".`,
    })
  }
}

/**
 * timm's name of a parameter of xresnet, which is its ResNet-D (`resnet18d`, `resnet50d`, …): `stage2/block1/shortcut/conv/weight`
 * is `layer2.0.downsample.1.weight`. Undefined for a path that timm's network does not have.
 */
function timmNameOf(path: string): string | undefined {
  const places = path.split('/')
  const leaf = timmLeafOf(places.pop()!)
  const place = places.join('/')
  const inside = /^stage(\d+)\/block(\d+)\/(.+)$/.exec(place)
  const module = inside === null ? outerPart(place) : innerPart(inside[3]!)
  if (module === undefined) return undefined
  const prefix = inside === null ? '' : `layer${inside[1]}.${Number(inside[2]) - 1}.`
  return `${prefix}${module}.${leaf}`
}

/** The stem's convolutions and norms are one sequence with activations between them; the last norm stands outside. */
const outerParts: Readonly<Record<string, string>> = {
  'stem/1/conv': 'conv1.0',
  'stem/1/norm': 'conv1.1',
  'stem/2/conv': 'conv1.3',
  'stem/2/norm': 'conv1.4',
  'stem/3/conv': 'conv1.6',
  'stem/3/norm': 'bn1',
  'head/linear': 'fc',
}

const outerPart = (place: string): string | undefined => outerParts[place]

function innerPart(place: string): string | undefined {
  const [, part, index] = /^(conv|norm)(\d)$/.exec(place) ?? []
  if (part !== undefined) return `${part === 'conv' ? 'conv' : 'bn'}${index}`
  // Place 0 is the pool, also where there is none.
  return { 'shortcut/conv': 'downsample.1', 'shortcut/norm': 'downsample.2' }[place]
}

export type XresnetName = keyof typeof xresnetVariants

/** The component of a variant. */
export function xresnet(name: XresnetName): Component<'model', XresnetOptions, typeof slots> {
  return {
    doc: `The ${name} of fastai: a ResNet with the bag of tricks.`,
    options: optionsOf(xresnetVariants[name]),
    slots,
    create: createXresnet,
    publishedName: timmNameOf,
  }
}
