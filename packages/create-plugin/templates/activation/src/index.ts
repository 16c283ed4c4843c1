import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyMyTrick } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.activation('my-trick', {
      doc: 'A soft step from −1 / sharpness to 1 / sharpness.',
      options: { sharpness: opt.number({ min: 0, default: 0.2, doc: 'Steepness of the step; 0 gives the identity.' }) },
      create: ({ sharpness }) => ({ apply: (x) => applyMyTrick(x, sharpness) }),
    }),
})
