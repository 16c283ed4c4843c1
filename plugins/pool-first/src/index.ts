import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createPoolFirstBlock } from './pool-first.ts'

export { createPoolFirstBlock } from './pool-first.ts'

export default definePlugin({
  name: 'pool-first',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.block('pool-first', {
      doc: 'The residual block of xresnet, with one pool at its input, so that both branches have stride 1.',
      options: {},
      create: (_options, context) => createPoolFirstBlock(context),
    }),
})
