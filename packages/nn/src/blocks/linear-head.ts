import type { Block, BlockContext } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { kaimingNormal, zeros } from '../init.ts'
import { createLinear } from '../layers/linear.ts'
import { createGlobalAveragePool } from '../layers/parameter-free.ts'
import { sequential } from '../layers/sequential.ts'
import { activated } from './activated.ts'

/**
 * Global average pool and a linear map, kaiming-normal for ReLU (fan in), biases 0: fastai's head.
 * @shape `[N, H, W, inputChannels]` → `[N, 1, 1, outputChannels]`
 * @param pool another pool that leaves one position
 */
export function createLinearHead(context: BlockContext, pool = createGlobalAveragePool()): Block {
  const { inputChannels: inputs, outputChannels: outputs, init } = context
  const weight = kaimingNormal({ slope: 0, fan: 'in' })
  const linear = createLinear({ inputs, outputs, init: init.scope('linear'), weight, biasStart: zeros })
  return activated(sequential({ pool, linear }), context)
}

export const linearHead: Component<'block', Record<never, never>> = {
  doc: 'A global average pool, then a linear layer.',
  options: {},
  create: (_options, context) => createLinearHead(context),
}
