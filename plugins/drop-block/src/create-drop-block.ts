import type { Block } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, createDropPath, expectChannels, expectKept, type PlaceContext } from '@tricklab/nn'
import { drawBlocks } from './draw-blocks.ts'

/**
 * Leaves blocks of feature maps out in training; in evaluation x.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE when asked to change channels or size
 * @paper arXiv:1810.12890
 */
export function createDropBlock(
  blocks: { readonly rate: number; readonly size: number },
  context: PlaceContext,
): Block {
  expectKept('DropBlock', context, [1])
  const block: Block = {
    ...createDropPath(0),
    outputShape(input) {
      expectChannels('DropBlock', input, context.inputChannels)
      return input
    },
    apply(images, { training, rng }) {
      if (!training || blocks.rate === 0) return images
      return tf.mul(images, tf.tensor4d(drawBlocks(rng.at('blocks'), images.shape, blocks), images.shape))
    },
  }
  return activated(block, context)
}
