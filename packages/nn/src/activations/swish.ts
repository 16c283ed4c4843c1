import type { Activation } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { swish as swishOp } from '../ops/swish.ts'

/** `x · σ(x)`, EfficientNet's activation; PyTorch calls it SiLU. */
export const swishActivation: Activation = { apply: (x) => swishOp(x) as typeof x }

export const swish: Component<'activation', Record<never, never>> = {
  doc: 'The function x · σ(x), also known as SiLU.',
  options: {},
  create: () => swishActivation,
}
