import type { Block } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import {
  activated,
  conv2d,
  createConvNorm,
  createParam,
  normal,
  type PlaceContext,
  sequential,
  torchBias,
  windowOutput,
} from '@tricklab/nn'

/**
 * A convolution whose weights are not trained, without padding, and its bias, which is; then the model's activation, and
 * a 3 × 3 convolution with norm and the stride. Until the callback of this plugin fills them, the weights are random.
 * @shape `[N, H, W, C]` → `[N, ⌈(H − size + 1) / stride⌉, …, outputChannels]`
 * @paper arXiv:2404.00498
 */
export function createWhitenedStem({ size }: { readonly size: number }, context: PlaceContext): Block {
  const { inputChannels, init } = context
  const outputChannels = 2 * size * size * inputChannels
  const shape = [size, size, inputChannels, outputChannels]
  const params = {
    weight: createParam('buffer', shape, normal(Math.sqrt(outputChannels / 2) ** -1), init.at('whiten', 'weight')),
    bias: createParam('bias', [outputChannels], torchBias(shape), init.at('whiten', 'bias')),
  }
  const window = { kernelSize: size, stride: 1, padding: 0 }
  const whiten: Block = {
    params,
    outputShape: (input) => windowOutput('whitened stem', input, window, outputChannels),
    macs(input) {
      const [height, width] = whiten.outputShape(input)
      return height * width * params.weight.value.size
    },
    kept: () => ({ input: true, output: true, inside: 0 }),
    apply: (images) =>
      tf.add(conv2d(images, params.weight.value as tf.Tensor4D, { stride: 1, padding: 0 }), params.bias.value),
    dispose: () => tf.dispose([params.weight.value, params.bias.value]),
  }
  const spec = { ...context, inputChannels: outputChannels, kernelSize: 3 }
  return sequential({ whiten: activated(whiten, { ...context, activate: true }), ...createConvNorm(context, spec) })
}
