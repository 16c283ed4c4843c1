import { type Block, disposeParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { expectChannels } from '../shape.ts'
import { createConstantParam } from './param.ts'

/**
 * Layer scale: a learned factor a channel, `y = x · gamma`, at the end of a residual branch; γ starts small, so that a block
 * starts near its shortcut.
 * @shape `[N, H, W, channels]`, kept
 * @errors E_SHAPE for other channels
 * @paper arXiv:2103.17239
 */
export function createLayerScale({ channels, start }: { readonly channels: number; readonly start: number }): Block {
  const params = { gamma: createConstantParam('scale', [channels], start) }
  return {
    params,
    outputShape(input) {
      expectChannels('layer scale', input, channels)
      return input
    },
    macs: () => 0,
    apply: (images) => tf.mul(images, params.gamma.value),
    dispose: () => disposeParams(params),
  }
}
