import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMyTrick, options } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.block('my-trick', { doc: 'A convolution with one learned gain per channel.', options, create: createMyTrick }),
})
