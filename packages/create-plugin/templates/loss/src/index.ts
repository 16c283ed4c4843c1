import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyMyTrick } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.loss('my-trick', {
      doc: 'Squared distance between probabilities and targets.',
      options: {},
      create: () => ({ apply: applyMyTrick }),
    }),
})
