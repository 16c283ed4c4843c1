import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createGhostNorm } from './create-ghost-norm.ts'

export default definePlugin({
  name: 'ghost-batch-norm',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1705.08741',
  register: (on) =>
    on.block('ghost-batch-norm', {
      doc: 'Batch norm with the statistics of small parts of a training batch instead of those of the whole batch.',
      options: {
        samples: opt.integer({ min: 1, default: 32, unit: 'images', doc: 'Largest number of images in a part.' }),
        epsilon: opt.number({ above: 0, default: 1e-5, doc: 'Small number added to the variance.' }),
        momentum: opt.number({
          above: 0,
          max: 1,
          default: 0.1,
          doc: 'Weight of the newest part in the running mean and variance.',
        }),
      },
      create: createGhostNorm,
    }),
})
