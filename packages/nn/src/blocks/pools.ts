import { type Block, type BlockContext, fail } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { createAveragePool2, createMaxPool, createMaxPool2 } from '../layers/parameter-free.ts'
import { expectKept } from '../shape.ts'
import { activated } from './activated.ts'

/**
 * Max pool of the size that the slot asks for: odd windows are padded on all sides, 2 × 2 ones where they stick out.
 * @shape `[N, H, W, C]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, C]`
 * @errors E_SHAPE for other channels, and for an even size that is not 2 with stride 2
 */
export function createMaxPoolBlock(context: BlockContext): Block {
  expectKept('Max pool', context, [1, 2])
  const { kernelSize: size, stride } = context
  if (size === 2 && stride === 2) return activated(createMaxPool2(), context)
  if (size % 2 === 0) {
    fail('E_SHAPE', {
      what: 'A max pool cannot centre a window of this size and stride.',
      expected: 'an odd size, or 2 with stride 2.',
      received: `size ${size}, stride ${stride}.`,
      fix: 'put another block into the slot.',
    })
  }
  return activated(createMaxPool({ size, stride, padding: (size - 1) / 2 }), context)
}

/**
 * Mean of 2 × 2 windows, whatever size the slot asks for.
 * @shape `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]`
 * @errors E_SHAPE for other channels, and for another stride than 2
 * @paper arXiv:1812.01187, ResNet-D
 */
export function createAveragePoolBlock(context: BlockContext): Block {
  expectKept('Average pool', context, [2])
  return activated(createAveragePool2(), context)
}

export const maxPool: Component<'block', Record<never, never>> = {
  doc: 'A max pool of the size that the slot asks for.',
  options: {},
  create: (_options, context) => createMaxPoolBlock(context),
}

export const averagePool: Component<'block', Record<never, never>> = {
  doc: 'An average pool over windows of 2 × 2.',
  options: {},
  create: (_options, context) => createAveragePoolBlock(context),
}
