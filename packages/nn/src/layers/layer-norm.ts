import { type Block, disposeParams } from '@tricklab/core'
import { layerNorm } from '../ops/layer-norm.ts'
import { expectChannels } from '../shape.ts'
import { createConstantParam } from './param.ts'

export interface LayerNormSpec {
  readonly channels: number
  /** Default 1e-5. */
  readonly epsilon?: number
  /** Where γ starts; default 1. */
  readonly gamma?: number
}

/**
 * Layer norm over channels, at every position by itself; the same in training and evaluation.
 * @shape `[N, H, W, channels]`, kept
 * @errors E_SHAPE for other channels
 * @paper arXiv:1607.06450
 */
export function createLayerNorm({ channels, epsilon = 1e-5, gamma = 1 }: LayerNormSpec): Block {
  const params = {
    gamma: createConstantParam('norm', [channels], gamma),
    beta: createConstantParam('norm', [channels], 0),
  }
  return {
    params,
    outputShape(input) {
      expectChannels('layer norm', input, channels)
      return input
    },
    macs: () => 0,
    // Mean and deviation of every position.
    kept: ([height, width]) => ({ input: true, output: false, inside: 2 * height * width }),
    apply(images) {
      const [, height, width, depth] = images.shape
      this.outputShape([height, width, depth])
      return layerNorm(images, params.gamma.value, params.beta.value, { epsilon })
    },
    dispose: () => disposeParams(params),
  }
}
