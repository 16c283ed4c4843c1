import type { Component } from '@tricklab/core/plugin'
import { fusedLinear } from '../ops/relu.ts'

/** No activation: for ablations. */
export const identity: Component<'activation', Record<never, never>> = {
  doc: 'Returns its input unchanged.',
  options: {},
  create: () => ({ apply: (x) => x, fused: fusedLinear }),
}
