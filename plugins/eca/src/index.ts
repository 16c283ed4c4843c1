import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createEca } from './create-eca.ts'

export default definePlugin({
  name: 'eca',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1910.03151',
  register: (on) =>
    on.block('eca', {
      doc: 'Efficient channel attention: multiplies every channel by a gate that depends on its mean and those of its neighbours.',
      notBeside: {
        se: 'Both give the channels of a branch gates near one half, so that the branch begins at a quarter.',
      },
      options: {
        kernelSize: opt.integer({
          min: 0,
          default: 0,
          unit: 'channels',
          doc: 'Number of channels that a gate reads; 0 chooses it from the number of channels, as the paper does.',
        }),
      },
      create: createEca,
    }),
})
