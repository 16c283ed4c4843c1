import type { Component } from '@tricklab/core/plugin'
import { hardSwish as hardSwishOp } from '../ops/hard-swish.ts'

/** `x · min(max(x + 3, 0), 6) / 6`. */
export const hardSwish: Component<'activation', Record<never, never>> = {
  doc: 'The function x · min(max(x + 3, 0), 6) / 6, which comes near swish.',
  options: {},
  create: () => ({ apply: (x) => hardSwishOp(x) as typeof x }),
}
