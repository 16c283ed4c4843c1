import { opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { leakyReluOffset } from '../ops/leaky-relu-offset.ts'

const options = { slope: opt.number({ min: 0, below: 1, default: 0.01, doc: 'Slope for inputs below 0.' }) }

/** `x > 0 ? x : slope · x`. */
export const leakyRelu: Component<'activation', typeof options> = {
  doc: 'Returns x above 0 and slope · x below.',
  options,
  create: ({ slope }) => ({ apply: (x) => leakyReluOffset(x, { alpha: slope, offset: 0 }) }),
}
