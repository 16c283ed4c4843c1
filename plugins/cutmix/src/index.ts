import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyCut } from './apply-cut.ts'
import { drawCut } from './draw-cut.ts'

export default definePlugin({
  name: 'cutmix',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1905.04899',
  register: (on) =>
    on.callback('cutmix', {
      doc: 'Replaces a rectangle of every training image with that of another image of the batch, and mixes their targets by area.',
      stage: 'target',
      options: {
        alpha: opt.number({
          min: 0,
          default: 1,
          unit: 'Beta shape',
          doc: 'The share of an image that stays is drawn from Beta(alpha, alpha); 0 switches CutMix off.',
        }),
        per: opt.choice(['batch', 'sample'], {
          default: 'batch',
          doc: 'Draws one rectangle for the whole `batch`, or one for every `sample`.',
        }),
      },
      create: ({ alpha, per }, { rng }) => ({
        beforeBatch(batch) {
          if (!batch.training || alpha === 0) return
          const [size, height, width] = batch.images.shape
          const plan = drawCut(rng.at('cut', batch.step), [size, height, width], { alpha, per })
          return { ...batch, ...applyCut(batch.images, batch.targets, plan) }
        },
      }),
    }),
})
