import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createGemHead } from './create-gem-head.ts'

export default definePlugin({
  name: 'gem-pool',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1711.02512',
  register: (on) =>
    on.block('gem-pool', {
      doc: 'A head whose pool is a generalised mean of a learned power, between average and maximum; then a linear layer.',
      options: {
        power: opt.number({
          above: 0,
          max: 6,
          default: 3,
          doc: 'Power with which training starts; 1 is the average, and large powers come near the maximum.',
        }),
      },
      create: createGemHead,
    }),
})
