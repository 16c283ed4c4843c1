import { type Model, type ModelContext, type ModelLayer, type OptionValues, opt } from '@tricklab/core'
import {
  createBatchNorm,
  createConv2d,
  createGlobalAveragePool,
  createLayeredModel,
  createLinear,
  fusedRelu,
  sequential,
} from '@tricklab/nn'

export const options = {
  width: opt.integer({
    min: 1,
    default: 16,
    unit: 'channels',
    doc: 'Channels of the first layer; each has twice those before.',
  }),
}

/**
 * Convolutions of 3 × 3 with stride 2, each with batch norm and ReLU, then the mean over positions and a linear layer. Weights
 * are drawn under the name of their layer, so that one layer more changes no other.
 */
export function createMyTrick({ width }: OptionValues<typeof options>, context: ModelContext): Model {
  const { imageShape, classes, init } = context
  const channels = [imageShape[2], width, 2 * width, 4 * width]
  const layers = channels.slice(1).map((outputChannels, index): ModelLayer => {
    const name = `layer${index + 1}`
    const window = { inputChannels: channels[index]!, outputChannels, kernelSize: 3, stride: 2, bias: false }
    const conv = createConv2d({ ...window, init: init.scope(name, 'conv') })
    const norm = createBatchNorm({ channels: outputChannels, activation: fusedRelu })
    return { name, type: 'conv-norm', block: sequential({ conv, norm }) }
  })
  const linear = createLinear({ inputs: channels.at(-1)!, outputs: classes, init: init.scope('head', 'linear') })
  const head = sequential({ pool: createGlobalAveragePool(), linear })
  return createLayeredModel([...layers, { name: 'head', type: 'pool-linear', block: head }], imageShape, classes)
}
