import type { Block, BlockContext } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { createResidualBranch, createShortcut, joinResidual } from './residual.ts'

/**
 * xresnet's residual block: `act(branch(x) + shortcut(x))`, a bottleneck where `expansion` is above 1. γ of the branch's
 * last norm starts at 0, so every block starts as its shortcut.
 * @paper arXiv:1812.01187
 * @differs none from fastai
 */
export function createXresnetBlock(context: BlockContext): Block {
  return joinResidual({ branch: createResidualBranch(context), shortcut: createShortcut(context) }, context)
}

export const xresnetBlock: Component<'block', Record<never, never>> = {
  doc: 'The residual block of xresnet: the 3 × 3 convolution has the stride, the shortcut is pooled, and γ of the last norm starts at 0.',
  options: {},
  create: (_options, context) => createXresnetBlock(context),
}
