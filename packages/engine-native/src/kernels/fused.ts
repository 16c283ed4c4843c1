/** Bias and activation after a convolution or matrix product: in the same pass where the addon can, else as kernels. */
import * as tf from '@tricklab/core/tf'
import type { NativeBackend } from '../backend.ts'
import type { Inputs } from './register.ts'

/** What a fused kernel adds to its product. */
export interface Fusion {
  bias: tf.TensorInfo | undefined
  activation: string
  preluActivationWeights: tf.TensorInfo | undefined
  leakyreluAlpha: number | undefined
}

/** The fusion that a call asks for. */
export function fusionOf(inputs: Inputs, attrs: { activation: string; leakyreluAlpha?: number }): Fusion {
  return {
    bias: inputs.bias,
    activation: attrs.activation ?? 'linear',
    preluActivationWeights: inputs.preluActivationWeights,
    leakyreluAlpha: attrs.leakyreluAlpha,
  }
}

const kernelOfActivation: Record<string, string> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  prelu: 'Prelu',
  leakyrelu: 'LeakyRelu',
}

/**
 * Runs `product`, which adds a bias of one number a channel and applies ReLU in its own pass, and what is left of the
 * fusion after it.
 */
export function runFused(
  backend: NativeBackend,
  channels: number,
  fusion: Fusion | undefined,
  product: (bias: tf.TensorInfo | undefined, relu: boolean) => tf.TensorInfo,
): tf.TensorInfo {
  if (fusion === undefined) return product(undefined, false)
  const { bias, activation } = fusion
  const inPass =
    bias === undefined ||
    (bias.dtype === 'float32' && tf.util.sizeFromShape(bias.shape) === channels && channels === bias.shape.at(-1))
  let result = product(inPass ? bias : undefined, inPass && activation === 'relu')
  const then = (name: string, inputs: Record<string, tf.TensorInfo>, attrs: object = {}) => {
    const next = tf.getKernel(name, 'native').kernelFunc({ inputs: inputs as never, attrs: attrs as never, backend })
    backend.disposeIntermediateTensorInfo(result)
    result = next as tf.TensorInfo
  }
  if (!inPass) then('Add', { a: result, b: bias })
  if (activation === 'linear' || (inPass && activation === 'relu')) return result
  const name = kernelOfActivation[activation]
  if (name === undefined) throw new Error(`there is no fused activation "${activation}"`)
  if (activation === 'prelu') then(name, { x: result, alpha: fusion.preluActivationWeights! })
  else then(name, { x: result }, { alpha: fusion.leakyreluAlpha })
  return result
}
