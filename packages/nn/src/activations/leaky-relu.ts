import { type Component, opt } from '@tricklab/core'
import { leakyReluOffset } from '../ops/leaky-relu-offset.ts'

const options = { slope: opt.number({ min: 0, below: 1, default: 0.01, doc: 'Slope below 0.' }) }

/** `x > 0 ? x : slope · x`. */
export const leakyRelu: Component<'activation', typeof options> = {
  doc: 'x above 0, slope · x below.',
  options,
  create: ({ slope }) => ({ apply: (x) => leakyReluOffset(x, { alpha: slope, offset: 0 }) }),
}
