import type { Component } from '@tricklab/core/plugin'
import { hardSigmoid as hardSigmoidOp } from '../ops/hard-swish.ts'

/** `min(max(x + 3, 0), 6) / 6`. */
export const hardSigmoid: Component<'activation', Record<never, never>> = {
  doc: 'The function min(max(x + 3, 0), 6) / 6, which comes near the sigmoid.',
  options: {},
  create: () => ({ apply: (x) => hardSigmoidOp(x) as typeof x }),
}
