import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createRanger, options } from './ranger.ts'

export default definePlugin({
  name: 'ranger',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1908.03265',
  register: (on) =>
    on.optimizer('ranger', {
      doc: 'Rectified Adam with lookahead, as in Ranger version 9.3.19.',
      options,
      create: (values) => createRanger(values),
    }),
})
