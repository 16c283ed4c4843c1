import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createMyTrick, options } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.optimizer('my-trick', {
      doc: "Steps in the direction of the mean gradient's sign.",
      options,
      create: createMyTrick,
    }),
})
