import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMyTrick, options } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.dataset('my-trick', { doc: 'Images of horizontal and vertical stripes.', options, create: createMyTrick }),
})
