import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createStandardizedConv } from './create-standardized-conv.ts'

export default definePlugin({
  name: 'weight-standardization',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1903.10520',
  register: (on) =>
    on.block('weight-standardization', {
      doc: 'A convolution whose weights are brought to mean 0 and deviation 1 for each output channel.',
      options: { epsilon: opt.number({ above: 0, default: 1e-6, doc: 'Small number added to the variance.' }) },
      create: createStandardizedConv,
    }),
})
