import type { Activation } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { fusedRelu, relu as reluOp } from '../ops/relu.ts'

/** `max(x, 0)`; norms and the ends of residual blocks apply it in their own kernels. */
export const reluActivation: Activation = { apply: (x) => reluOp(x) as typeof x, fused: fusedRelu }

export const relu: Component<'activation', Record<never, never>> = {
  doc: 'The rectified linear unit, max(x, 0).',
  options: {},
  create: () => reluActivation,
}
