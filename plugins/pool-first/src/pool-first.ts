import type { Block, BlockContext } from '@tricklab/core'
import { createDownsamplingPool, createResidualBranch, createShortcut, joinResidual } from '@tricklab/nn'

/**
 * xresnet's residual block, pooling first: `act(branch(pool(x)) + shortcut(pool(x)))`, both at stride 1. At stride 1
 * there is no pool, and it is xresnet's own block.
 *
 * Same parameters as xresnet's. The branch's first convolution works on a quarter of the pixels, and sees pooled ones:
 * another function, not a faster way to the same one.
 * @shape `[N, H, W, inputChannels]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, outputChannels]`
 * @paper none; ayasyrev's NewResBlock (model_constructor)
 * @differs none from the source; the pool is the skeleton's, the mean of 2 × 2 where it names none
 */
export function createPoolFirstBlock(context: BlockContext): Block {
  const inner = { ...context, stride: 1 }
  return joinResidual(
    {
      ...(context.stride === 1 ? {} : { pool: createDownsamplingPool(context) }),
      branch: createResidualBranch(inner),
      shortcut: createShortcut(inner),
    },
    context,
  )
}
