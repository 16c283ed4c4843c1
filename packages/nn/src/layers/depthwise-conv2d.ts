import { type Block, disposeParams, type Rng, type Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Initializer, torchWeight } from '../init.ts'
import { expectChannels } from '../shape.ts'
import { createParam } from './param.ts'
import { type LayerPadding, resolvePadding, windowOutput } from './window.ts'

export interface DepthwiseConv2dSpec {
  readonly channels: number
  readonly kernelSize: number
  readonly stride: number
  readonly init: Rng
  /** Default: `⌊kernelSize / 2⌋` zeros on every side. */
  readonly padding?: LayerPadding
  /** Default: PyTorch's. */
  readonly weight?: Initializer
}

/**
 * Convolution of every channel by a filter of its own, without bias.
 * @shape `[N, H, W, channels]` → `[N, H', W', channels]`, weight `[k, k, channels, 1]`
 * @errors E_SHAPE
 */
export function createDepthwiseConv2d(spec: DepthwiseConv2dSpec): Block {
  const { channels, kernelSize, stride, init } = spec
  const { padding = Math.floor(kernelSize / 2) } = spec
  const weight = createParam(
    'weight',
    [kernelSize, kernelSize, channels, 1],
    spec.weight ?? torchDepthwise,
    init.at('weight'),
  )
  const window = { kernelSize, stride, padding }
  const outputShape = (input: Shape): Shape => {
    expectChannels('depthwise convolution', input, channels)
    return windowOutput('depthwise convolution', input, window, channels)
  }
  return {
    params: { weight },
    outputShape,
    macs(input) {
      const [height, width] = outputShape(input)
      return height * width * weight.value.size
    },
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
      return tf.depthwiseConv2d(images, weight.value as tf.Tensor4D, stride, even ? top : explicit)
    },
    dispose: () => disposeParams({ weight }),
  }
}

type Pair = [number, number]

/** PyTorch's start of a convolution in as many groups as channels: each output sees k² inputs. */
const torchDepthwise: Initializer = ([height, width, channels], stream) =>
  torchWeight([height!, width!, 1, channels!], stream)
