import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyMyTrick, drawMyTrick } from './my-trick.js'

export default definePlugin({
  name: 'my-trick',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.callback('my-trick', {
      doc: 'Makes training images brighter or darker at random.',
      stage: 'augment',
      options: {
        amount: opt.number({ min: 0, max: 1, default: 0.2, doc: 'Largest change of brightness; 0 switches it off.' }),
      },
      create: ({ amount }, { rng }) => ({
        beforeBatch(batch) {
          if (!batch.training || amount === 0) return
          const factors = drawMyTrick(rng.at('factors', batch.step), batch.size, amount)
          return { ...batch, images: applyMyTrick(batch.images, factors) }
        },
      }),
    }),
})
