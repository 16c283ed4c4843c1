import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createDepth } from './create-depth.ts'

export default definePlugin({
  name: 'stochastic-depth',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1603.09382',
  register: (on) =>
    on.block('stochastic-depth', {
      doc: 'Leaves out the branch of a residual block at random in training, for each image separately.',
      options: {
        rate: opt.number({
          min: 0,
          below: 1,
          default: 0.1,
          doc: 'Share of the training images for which the branch is left out; 0 switches stochastic depth off.',
        }),
      },
      create: createDepth,
    }),
})
