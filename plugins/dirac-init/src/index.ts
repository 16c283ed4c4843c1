import { definePlugin } from '@tricklab/core'
import { createConv2dBlock, type PlaceContext } from '@tricklab/nn'
import manifest from '../package.json' with { type: 'json' }
import { dirac } from './dirac.ts'

export default definePlugin({
  name: 'dirac-init',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2404.00498',
  register: (on) =>
    on.block('dirac-init', {
      doc: 'A convolution that starts as the identity, as far as it has input channels.',
      options: {},
      create: (_options, context: PlaceContext) =>
        createConv2dBlock({ bias: false }, context, dirac(context.offers?.groups ?? 1)),
    }),
})
