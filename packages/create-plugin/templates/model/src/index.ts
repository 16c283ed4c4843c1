import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMyTrick, options } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) => on.model('my-trick', { doc: 'Three convolutions with stride 2.', options, create: createMyTrick }),
})
