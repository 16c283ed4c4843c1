import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMultiSampleDropout, options } from './create-head.ts'

export default definePlugin({
  name: 'multi-sample-dropout',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1905.09788',
  register: (on) =>
    on.block('multi-sample-dropout', {
      doc: 'A head that scores the same features under several dropout masks and learns from the mean of the losses.',
      options,
      create: createMultiSampleDropout,
    }),
})
