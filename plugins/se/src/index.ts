import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createSe, options } from './create-se.ts'

export default definePlugin({
  name: 'se',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1709.01507',
  register: (on) =>
    on.block('se', {
      doc: 'Squeeze-and-excitation: multiplies every channel by a gate that depends on the means of all channels.',
      options,
      create: createSe,
    }),
})
