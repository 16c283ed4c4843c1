import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { convnext, variants } from './convnext.ts'

export default definePlugin({
  name: 'convnext',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2201.03545',
  register: (on) => [
    on.model('convnext-atto', convnext('atto', variants.atto)),
    on.model('convnext-femto', convnext('femto', variants.femto)),
    on.model('convnext-pico', convnext('pico', variants.pico)),
    on.model('convnext-nano', convnext('nano', variants.nano)),
  ],
})
