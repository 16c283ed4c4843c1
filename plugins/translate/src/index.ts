import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyMoves, drawMoves } from './translate.ts'

export default definePlugin({
  name: 'translate',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2404.00498',
  register: (on) =>
    on.callback('translate', {
      doc: 'Moves every training image by a few pixels in a random direction and mirrors what comes in from outside.',
      stage: 'augment',
      options: {
        pixels: opt.integer({ min: 0, default: 2, unit: 'pixels', doc: 'Largest move in each direction; 0 is off.' }),
      },
      create: ({ pixels }, { rng }) => ({
        beforeBatch(batch) {
          if (!batch.training || pixels === 0) return
          return {
            ...batch,
            images: applyMoves(batch.images, drawMoves(rng.at('moves', batch.step), batch.size, pixels)),
          }
        },
      }),
    }),
})
