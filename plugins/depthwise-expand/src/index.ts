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
      doc: 'The convolutions of a residual branch, with a depthwise 3 × 3 convolution that multiplies the channels.',
      options: branchOptions,
      create: createDepthwiseBranch,
    }),
    on.block('depthwise-stem', {
      doc: 'A stem of depthwise 3 × 3 convolutions that multiply the channels, each followed by a 1 × 1 convolution.',
      options: stemOptions,
      create: createDepthwiseStem,
    }),
  ],
})
