import { definePlugin, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import manifest from '../package.json' with { type: 'json' }
import { clipAdaptively, clipNorm, clipValue } from './clip.ts'

export default definePlugin({
  name: 'gradient-clip',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1211.5063',
  register: (on) =>
    on.callback('gradient-clip', {
      doc: 'Shortens gradients that are too long, before the optimizer sees them.',
      stage: 'optim',
      options: {
        by: opt.choice(['norm', 'value', 'agc'], {
          default: 'norm',
          doc: 'Shortens all gradients together by their common `norm`, every number by its own `value`, or the gradient of each output in proportion to its weights (`agc`).',
        }),
        limit: opt.number({
          min: 0,
          default: 1,
          doc: 'Largest norm or value; with `agc` the largest norm as a share of the norm of the weights. 0 switches clipping off.',
        }),
      },
      create: ({ by, limit }) => ({
        afterBackward({ params, gradients }) {
          if (limit === 0) return
          if (by === 'agc') return { gradients: tf.tidy(() => clipAdaptively(params, gradients, limit)) }
          const clip = by === 'norm' ? clipNorm : clipValue
          return { gradients: tf.tidy(() => clip(gradients, limit)) }
        },
      }),
    }),
})
