import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMyTrick } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.metric('my-trick', { doc: 'The mean probability of the right class.', options: {}, create: createMyTrick }),
})
