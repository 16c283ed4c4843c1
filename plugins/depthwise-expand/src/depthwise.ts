import { type Block, disposeParams, opt, type Rng, type Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createParam, expectChannels, expectPixels, type Initializer, windowCount } from '@tricklab/nn'

/** The option of all depthwise blocks. */
export const multiplier = opt.integer({
  min: 1,
  default: 4,
  unit: 'channels',
  doc: 'Output channels of the depthwise convolution per input channel.',
})

/** Kaiming-normal for ReLU: every output of a depthwise convolution sees k² inputs. */
const kaimingDepthwise: Initializer = (shape, stream) => {
  const deviation = Math.sqrt(2 / (shape[0]! * shape[1]!))
  return Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    () => deviation * stream.normal(),
  )
}

/**
 * Every channel filtered by itself, `multiplier` times: channel c becomes channels c·multiplier and so on.
 * @shape `[N, H, W, C]` → `[N, H', W', C · multiplier]`, weight `[k, k, C, multiplier]`
 * @errors E_SHAPE
 */
export function createExpandingDepthwise(spec: {
  readonly channels: number
  readonly multiplier: number
  readonly kernelSize: number
  readonly stride: number
  readonly init: Rng
}): Block {
  const { channels, multiplier, kernelSize, stride, init } = spec
  const padding = Math.floor(kernelSize / 2)
  const shape = [kernelSize, kernelSize, channels, multiplier]
  const weight = createParam('weight', shape, kaimingDepthwise, init.at('weight'))
  const window = { kernelSize, stride, padding }
  const outputShape = (input: Shape): Shape => {
    expectChannels('depthwise convolution', input, channels)
    const [height, width] = [windowCount(input[0], window), windowCount(input[1], window)]
    return expectPixels('depthwise convolution', input, [height, width, channels * multiplier])
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
      return tf.depthwiseConv2d(images, weight.value as unknown as tf.Tensor4D, stride, padding)
    },
    dispose: () => disposeParams({ weight }),
  }
}
