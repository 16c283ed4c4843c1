import { type Activation, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { gelu as geluOp } from '../ops/gelu.ts'

const options = {
  form: opt.choice(['exact', 'tanh'], {
    default: 'exact',
    doc: 'How Φ is computed: `exact` by the error function, `tanh` by a hyperbolic tangent that comes near it (`approximate` in PyTorch).',
  }),
}

/** `x · Φ(x)`, the activation of transformers and ConvNeXt. */
export const geluActivation: Activation = { apply: (x) => geluOp(x) }

export const gelu: Component<'activation', typeof options> = {
  doc: 'The function x · Φ(x), where Φ is the normal distribution.',
  options,
  create: ({ form }) => ({ apply: (x) => geluOp(x, form) }),
}
