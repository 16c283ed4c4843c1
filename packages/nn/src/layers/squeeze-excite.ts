import type { Activation, Block, Rng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Initializer, kaimingNormal, zeros } from '../init.ts'
import { expectChannels } from '../shape.ts'
import { type Conv2dSpec, createConv2d } from './conv2d.ts'
import { createLinear } from './linear.ts'
import { createGlobalAveragePool } from './parameter-free.ts'
import { applyPart, collectParams, disposeParts } from './sequential.ts'

export interface SqueezeExciteSpec {
  readonly channels: number
  /** Width between the two maps. */
  readonly hidden: number
  readonly activation: Activation
  readonly init: Rng
  /** Two 1 × 1 convolutions or two linear maps: the same numbers, weights of another rank. Default `conv`. */
  readonly form?: 'conv' | 'linear'
  /** What stands for one of the two convolutions; default: the original. */
  readonly swap?: (
    window: Pick<Conv2dSpec, 'inputChannels' | 'outputChannels' | 'kernelSize' | 'stride' | 'init'>,
    original: () => Block,
  ) => Block
  /** Of both weights; default kaiming-normal for ReLU, fan in. Biases start at 0. */
  readonly weight?: Initializer
}

/**
 * Squeeze-and-excitation: `x ⊙ σ(W₂ φ(W₁ mean(x) + b₁) + b₂)`; one gate a channel and image, from the mean over all
 * positions. With W₂ and b₂ at 0 every gate is ½.
 * @shape `[N, H, W, channels]`, kept
 * @errors E_SHAPE for other channels
 * @paper arXiv:1709.01507
 * @differs the width between the maps is given, not a ratio: every family rounds it in its own way
 */
export function createSqueezeExcite(spec: SqueezeExciteSpec): Block {
  const { channels, hidden, activation, init, form = 'conv' } = spec
  const { weight = kaimingNormal({ slope: 0, fan: 'in' }), swap = (_window, original) => original() } = spec
  const createMap = (inputs: number, outputs: number, name: string): Block => {
    const start = { weight, biasStart: zeros, init: init.scope(name) }
    if (form === 'linear') return createLinear({ inputs, outputs, ...start })
    const window = { inputChannels: inputs, outputChannels: outputs, kernelSize: 1, stride: 1, init: start.init }
    return swap(window, () => createConv2d({ ...window, bias: true, ...start }))
  }
  const pool = createGlobalAveragePool()
  const parts = { reduce: createMap(channels, hidden, 'reduce'), expand: createMap(hidden, channels, 'expand') }
  return {
    params: collectParams(parts),
    outputShape(input) {
      expectChannels('squeeze-and-excitation', input, channels)
      return input
    },
    macs: () => parts.reduce.macs([1, 1, channels]) + parts.expand.macs([1, 1, hidden]),
    // Means, gates, what the activation takes and gives, and both maps before their bias.
    kept: () => ({ input: true, output: false, inside: 3 * channels + 3 * hidden }),
    apply(images, context) {
      const [, height, width, depth] = images.shape
      this.outputShape([height, width, depth])
      const means = pool.apply(images, context)
      const squeezed = activation.apply(applyPart('reduce', parts.reduce, means, context))
      return tf.mul(images, tf.sigmoid(applyPart('expand', parts.expand, squeezed, context)))
    },
    dispose: () => disposeParts(parts),
  }
}
