import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { branchOptions, createDepthwiseBranch } from './create-branch.ts'
import { createDepthwiseStem, stemOptions } from './create-stem.ts'

export default definePlugin({
  name: 'depthwise-expand',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) => [
    on.block('depthwise-expand', {
      doc: 'The convolutions of a residual branch, the 3 × 3 depthwise with a multiplier.',
      options: branchOptions,
      create: createDepthwiseBranch,
    }),
    on.block('depthwise-stem', {
      doc: 'A stem of depthwise 3 × 3 with a multiplier, each before a 1 × 1.',
      options: stemOptions,
      create: createDepthwiseStem,
    }),
  ],
})
