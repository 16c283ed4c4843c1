import { type Block, disposeParams, type Rng, type Shape } from '@tricklab/core'
import type { Param } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { type Initializer, torchBias, torchWeight } from '../init.ts'
import { conv2d } from '../ops/conv2d.ts'
import { expectChannels } from '../shape.ts'
import { keptByMap } from './kept.ts'
import { createParam } from './param.ts'
import { type LayerPadding, resolvePadding, windowOutput } from './window.ts'

export interface Conv2dSpec {
  readonly inputChannels: number
  readonly outputChannels: number
  readonly kernelSize: number
  readonly stride: number
  readonly bias: boolean
  readonly init: Rng
  /** Default: `⌊kernelSize / 2⌋` zeros on every side. */
  readonly padding?: LayerPadding
  /** Default: PyTorch's. */
  readonly weight?: Initializer
  /** Default: PyTorch's. */
  readonly biasStart?: Initializer
}

/**
 * Convolution with zero padding, PyTorch's defaults.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`, weight `[k, k, inputChannels, outputChannels]`
 * @errors E_SHAPE
 */
export function createConv2d(spec: Conv2dSpec): Block {
  const { inputChannels, outputChannels, kernelSize, stride, bias, init } = spec
  const padding = spec.padding ?? Math.floor(kernelSize / 2)
  const shape = [kernelSize, kernelSize, inputChannels, outputChannels]
  const params: { weight: Param; bias?: Param } = {
    weight: createParam('weight', shape, spec.weight ?? torchWeight, init.at('weight')),
    ...(bias
      ? { bias: createParam('bias', [outputChannels], spec.biasStart ?? torchBias(shape), init.at('bias')) }
      : {}),
  }
  const window = { kernelSize, stride, padding }
  const outputShape = (input: Shape): Shape => {
    expectChannels('conv2d', input, inputChannels)
    return windowOutput('conv2d', input, window, outputChannels)
  }
  return {
    params: params as Block['params'],
    outputShape,
    macs(input) {
      const [height, width] = outputShape(input)
      return height * width * params.weight.value.size
    },
    kept: (input) => keptByMap(outputShape(input), bias),
    apply(images) {
      const [, height, width, channels] = images.shape
      outputShape([height, width, channels])
      const zeros = padding === 'same' ? resolvePadding([height, width], window) : padding
      const result = conv2d(images, params.weight.value as tf.Tensor4D, { stride, padding: zeros })
      return params.bias === undefined ? result : tf.add(result, params.bias.value)
    },
    dispose: () => disposeParams(params as Block['params']),
  }
}
