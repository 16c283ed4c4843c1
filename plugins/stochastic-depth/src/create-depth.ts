import type { Block, BlockContext } from '@tricklab/core'
import { activated, createDropPath, expectChannels, expectKept } from '@tricklab/nn'

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
    ...createDropPath(rate),
    outputShape(input) {
      expectChannels('Stochastic depth', input, context.inputChannels)
      return input
    },
  }
  return activated(block, context)
}
