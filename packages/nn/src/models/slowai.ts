import { type Model, type ModelContext, type OptionValues, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { createLayeredModel } from './layered.ts'

const widthsDoc = 'Output channels of each convolution but the last, which has one channel per class.'

const cnnOptions = { widths: opt.integers({ min: 1, default: [8, 16, 32, 64], doc: widthsDoc }) }
const deeperOptions = { widths: opt.integers({ min: 1, default: [8, 16, 32, 64, 128], doc: widthsDoc }) }

const slots = { block: 'conv' } as const

/**
 * The skeleton of slowai's CNN and DeeperCNN: a 5 × 5 block, then 3 × 3 blocks with stride 2, the last one without
 * activation and with a channel a class. The two differ in the first block's stride.
 */
function createSlowai(
  { widths }: OptionValues<typeof cnnOptions>,
  { imageShape, classes, init, slot }: ModelContext,
  firstStride: number,
): Model {
  const { use, create } = slot('block')
  const channels = [imageShape[2], ...widths, classes]
  const layers = channels.slice(1).map((outputChannels, index) => {
    const name = `layers/${index}`
    const first = index === 0
    const block = create({
      inputChannels: channels[index]!,
      outputChannels,
      stride: first ? firstStride : 2,
      kernelSize: first ? 5 : 3,
      activate: index < widths.length,
      init: init.scope(name),
    })
    return { name, type: use, block }
  })
  return createLayeredModel(layers, imageShape, classes)
}

export const slowaiCnn: Component<'model', typeof cnnOptions, typeof slots> = {
  doc: 'The CNN of slowai: five blocks, all with stride 2.',
  options: cnnOptions,
  slots,
  create: (options, context) => createSlowai(options, context, 2),
}

export const slowaiDeeperCnn: Component<'model', typeof deeperOptions, typeof slots> = {
  doc: 'The DeeperCNN of slowai: six blocks, of which the first has stride 1.',
  options: deeperOptions,
  slots,
  create: (options, context) => createSlowai(options, context, 1),
}
