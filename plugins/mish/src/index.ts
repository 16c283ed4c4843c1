import { definePlugin } from '@tricklab/core'
import { mish } from '@tricklab/nn'
import manifest from '../package.json' with { type: 'json' }

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
      create: () => ({ apply: mish, fused: 'mish' }),
    }),
})
