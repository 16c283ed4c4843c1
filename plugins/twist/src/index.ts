import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createTwist, options } from './create-twist.ts'

export { type TwistWindow, twist, twistByDefinition } from './twists.ts'

export default definePlugin({
  name: 'twist',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.block('twist', {
      doc: 'ConvTwist, a 3 × 3 convolution whose kernel changes with the position in the image.',
      options,
      create: createTwist,
    }),
})
