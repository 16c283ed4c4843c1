/** One convolution to measure: its tensors and its passes. */
import * as tf from '@tricklab/core/tf'
import type { ConvolutionShape } from './convolution-shapes.ts'
import { draw } from './runs.ts'

/** What a timed run computes. */
export type Pass = 'forward' | 'forward and gradients' | 'input gradient' | 'filter gradient'

/** As many times as a forward pass a pass does its arithmetic, and moves the bytes of input and output. */
export const workOf: { readonly [P in Pass]: number } = {
  forward: 1,
  'forward and gradients': 3,
  'input gradient': 1,
  'filter gradient': 1,
}

export interface ConvolutionLayer {
  readonly shape: ConvolutionShape
  readonly passes: readonly Pass[]
  readonly padding: number
  /** Image and filter. */
  readonly inputs: [tf.Tensor4D, tf.Tensor4D]
  /** Of the output. */
  readonly gradient: tf.Tensor4D
  /** Half as many numbers as input and output have: a copy reads and writes as many bytes as a forward pass. */
  readonly moved: tf.Tensor
  /** Multiply-accumulates of a forward pass, without those that only meet padding. */
  readonly macs: number
  /** Computes a pass; the caller owns the tensors. */
  run(pass: Pass): tf.Tensor[]
  dispose(): void
}

/** Draws image, filter and gradient. */
export function createConvolutionLayer(shape: ConvolutionShape, batch: number): ConvolutionLayer {
  const { size, channels, outputs, kernelSize, stride } = shape
  const padding = Math.floor(kernelSize / 2)
  const outputSize = Math.floor((size + 2 * padding - kernelSize) / stride) + 1
  const inputs = [
    draw('x', [batch, size, size, channels]),
    draw('kernel', [kernelSize, kernelSize, channels, outputs ?? 1]),
  ] as [tf.Tensor4D, tf.Tensor4D]
  const gradient = draw('gradient', [batch, outputSize, outputSize, outputs ?? channels]) as tf.Tensor4D
  const moved = tf.zeros([Math.ceil((inputs[0].size + gradient.size) / 2)])
  const [x, filter] = inputs
  const apply = (image: tf.Tensor, window: tf.Tensor) =>
    outputs === undefined
      ? tf.depthwiseConv2d(image as tf.Tensor4D, window as tf.Tensor4D, stride, padding)
      : tf.conv2d(image as tf.Tensor4D, window as tf.Tensor4D, stride, padding)
  // Dense gradients one by one, by the kernels that training runs.
  const attrs = { strides: [stride, stride], pad: padding, dataFormat: 'NHWC', dimRoundingMode: undefined }
  const kernel = (name: string, tensors: tf.NamedTensorMap, more: object) =>
    tf.engine().runKernel(name, tensors, { ...attrs, ...more } as never) as unknown as tf.Tensor
  const runs: { readonly [P in Pass]: () => tf.Tensor[] } = {
    forward: () => [apply(x, filter)],
    'forward and gradients': () => tf.grads(apply)(inputs, gradient),
    'input gradient': () => [kernel('Conv2DBackpropInput', { dy: gradient, filter }, { inputShape: x.shape })],
    'filter gradient': () => [kernel('Conv2DBackpropFilter', { x, dy: gradient }, { filterShape: filter.shape })],
  }
  return {
    shape,
    passes:
      outputs === undefined ? ['forward', 'forward and gradients'] : ['forward', 'input gradient', 'filter gradient'],
    padding,
    inputs,
    gradient,
    moved,
    macs: batch * channels * (outputs ?? 1) * tapsInside(size, outputSize, shape) ** 2,
    run: (pass) => runs[pass](),
    dispose: () => tf.dispose([...inputs, gradient, moved]),
  }
}

/** Pairs of an output and a tap, along one axis, that meet a pixel and not padding. */
function tapsInside(size: number, outputSize: number, { kernelSize, stride }: ConvolutionShape): number {
  const padding = Math.floor(kernelSize / 2)
  return Array.from({ length: outputSize * kernelSize }, (_, i) => {
    const pixel = Math.floor(i / kernelSize) * stride - padding + (i % kernelSize)
    return Number(pixel >= 0 && pixel < size)
  }).reduce((sum, inside) => sum + inside, 0)
}
