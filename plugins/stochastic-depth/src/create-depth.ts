import type { Block, BlockContext } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, expectChannels, expectKept } from '@tricklab/nn'
import { drawKept } from './draw-kept.ts'

/**
 * The branch of an image or nothing: `x_n · k_n / (1 − rate)`, `k_n ~ Bernoulli(1 − rate)`; in evaluation x.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE when asked to change channels or size
 * @paper arXiv:1603.09382
 * @differs as timm and torchvision: what is kept is scaled up in training, so that evaluation changes nothing
 */
export function createDepth({ rate }: { readonly rate: number }, context: BlockContext): Block {
  expectKept('Stochastic depth', context, [1])
  const block: Block = {
    params: {},
    outputShape(input) {
      expectChannels('Stochastic depth', input, context.inputChannels)
      return input
    },
    macs: () => 0,
    apply(images, { training, rng }) {
      if (!training || rate === 0) return images
      return tf.mul(images, tf.tensor4d(drawKept(rng.at('kept'), images.shape[0], rate), [images.shape[0], 1, 1, 1]))
    },
    dispose() {},
  }
  return activated(block, context)
}
