import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { mish, mishActivation } from './mish.ts'

export { mish }

export default definePlugin({
  name: 'mish',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1908.08681',
  register: (on) =>
    on.activation('mish', {
      doc: 'The function x · tanh(log(1 + eˣ)).',
      options: {},
      create: () => ({ apply: mish, fused: mishActivation }),
    }),
})
