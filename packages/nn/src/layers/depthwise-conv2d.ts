import { type Block, disposeParams, type Rng, type Shape } from '@tricklab/core'
import type { Param } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { type Initializer, torchBias, torchWeight } from '../init.ts'
import { expectChannels } from '../shape.ts'
import { keptByMap } from './kept.ts'
import { createParam } from './param.ts'
import { type LayerPadding, resolvePadding, windowOutput } from './window.ts'

export interface DepthwiseConv2dSpec {
  readonly channels: number
  readonly kernelSize: number
  readonly stride: number
  /** Default: none. */
  readonly bias?: boolean
  readonly init: Rng
  /** Default: `⌊kernelSize / 2⌋` zeros on every side. */
  readonly padding?: LayerPadding
  /** Default: PyTorch's. */
  readonly weight?: Initializer
  /** Default: PyTorch's. */
  readonly biasStart?: Initializer
}

/**
 * Convolution of every channel by a filter of its own.
 * @shape `[N, H, W, channels]` → `[N, H', W', channels]`, weight `[k, k, channels, 1]`
 * @errors E_SHAPE
 */
export function createDepthwiseConv2d(spec: DepthwiseConv2dSpec): Block {
  const { channels, kernelSize, stride, init } = spec
  const { padding = Math.floor(kernelSize / 2), bias = false } = spec
  const shape = [kernelSize, kernelSize, channels, 1]
  const weight = createParam('weight', shape, spec.weight ?? torchDepthwise, init.at('weight'))
  const start = spec.biasStart ?? torchBias([kernelSize, kernelSize, 1, channels])
  const params: { weight: Param; bias?: Param } = {
    weight,
    ...(bias ? { bias: createParam('bias', [channels], start, init.at('bias')) } : {}),
  }
  const window = { kernelSize, stride, padding }
  const outputShape = (input: Shape): Shape => {
    expectChannels('depthwise convolution', input, channels)
    return windowOutput('depthwise convolution', input, window, channels)
  }
  return {
    params: params as Block['params'],
    outputShape,
    macs(input) {
      const [height, width] = outputShape(input)
      return height * width * weight.value.size
    },
    kept: (input) => keptByMap(outputShape(input), bias),
    apply(images) {
      const [, height, width, depth] = images.shape
      outputShape([height, width, depth])
      const [top, bottom, left, right] = resolvePadding([height, width], window)
      const even = top === bottom && left === right && top === left
      const explicit = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ] as [Pair, Pair, Pair, Pair]
      const result = tf.depthwiseConv2d(images, weight.value as tf.Tensor4D, stride, even ? top : explicit)
      return params.bias === undefined ? result : tf.add(result, params.bias.value)
    },
    dispose: () => disposeParams(params as Block['params']),
  }
}

type Pair = [number, number]

/** PyTorch's start of a convolution in as many groups as channels: each output sees k² inputs. */
const torchDepthwise: Initializer = ([height, width, channels], stream) =>
  torchWeight([height!, width!, 1, channels!], stream)
