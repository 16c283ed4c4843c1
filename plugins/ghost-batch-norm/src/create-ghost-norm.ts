import type { Block } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createBatchNormBlock, type PlaceContext } from '@tricklab/nn'

/** Options of the block, as the plugin declares them. */
export interface GhostNorm {
  readonly samples: number
  readonly epsilon: number
  readonly momentum: number
}

/** How many images each part has: the least number of parts that hold `samples` at most, all but the last of one size. */
export function partsOf(batch: number, samples: number): number[] {
  const size = Math.ceil(batch / Math.ceil(batch / samples))
  return Array.from({ length: Math.ceil(batch / size) }, (_, index) => Math.min(size, batch - index * size))
}

/**
 * Batch norm of every part of a training batch by itself, one after the other; the running statistics see each of them.
 * Evaluation is that of batch norm.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE as batch norm, also for a part of one value a channel
 * @paper arXiv:1705.08741
 */
export function createGhostNorm({ samples, epsilon, momentum }: GhostNorm, context: PlaceContext): Block {
  const norm = createBatchNormBlock({ epsilon, momentum }, context)
  return {
    ...norm,
    apply(images, at) {
      const parts = partsOf(images.shape[0], samples)
      if (!at.training || parts.length === 1) return norm.apply(images, at)
      return tf.concat((tf.split(images, parts) as tf.Tensor4D[]).map((part) => norm.apply(part, at)))
    },
  }
}
