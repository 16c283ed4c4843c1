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
      doc: 'Leaves the branch of a residual block out at random, image by image, in training.',
      options: { rate: opt.number({ min: 0, below: 1, default: 0.1, doc: 'Share of images without it; 0 is off.' }) },
      create: createDepth,
    }),
})
