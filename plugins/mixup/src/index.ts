import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyMix } from './apply-mix.ts'
import { drawMix } from './draw-mix.ts'

export default definePlugin({
  name: 'mixup',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1710.09412',
  register: (on) =>
    on.callback('mixup', {
      doc: 'Mixes every image of a training batch with another image of the batch, and their targets in the same proportion.',
      notBeside: {
        cutmix:
          'Both mix images and targets, so that every image is mixed twice; `mix-choice` draws one of them for each batch.',
      },
      stage: 'target',
      options: {
        alpha: opt.number({
          min: 0,
          default: 0.4,
          unit: 'Beta shape',
          doc: 'Shares are drawn from Beta(alpha, alpha); 0 switches mixup off.',
        }),
        per: opt.choice(['sample', 'batch'], {
          default: 'sample',
          doc: 'Draws a share for every `sample`, or one share for the whole `batch`.',
        }),
      },
      create: ({ alpha, per }, { rng }) => ({
        beforeBatch(batch) {
          if (!batch.training || alpha === 0) return
          const plan = drawMix(rng.at('mix', batch.step), batch.size, { alpha, per })
          return { ...batch, ...applyMix(batch.images, batch.targets, plan) }
        },
      }),
    }),
})
