import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createCbam } from './create-cbam.ts'

const gates = 'Both give the channels of a branch gates near one half, so that the branch begins far too small.'

export default definePlugin({
  name: 'cbam',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1807.06521',
  register: (on) =>
    on.block('cbam', {
      doc: 'CBAM: multiplies every channel by a gate, and then every position by a gate.',
      notBeside: { se: gates, eca: gates },
      options: {
        reduction: opt.number({
          min: 1,
          default: 16,
          doc: 'Number of channels divided by the width of the hidden layer, which is at least 1.',
        }),
        kernelSize: opt.integer({
          min: 1,
          default: 7,
          unit: 'pixels',
          doc: 'Side of the convolution that makes the gates of positions; an odd number.',
        }),
      },
      create: createCbam,
    }),
})
