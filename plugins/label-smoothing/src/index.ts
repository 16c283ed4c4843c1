import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applySmoothing } from './apply-smoothing.ts'

export default definePlugin({
  name: 'label-smoothing',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1512.00567',
  register: (on) =>
    on.callback('label-smoothing', {
      doc: 'Moves a small share of the target from the right class to all classes alike.',
      stage: 'target',
      options: {
        epsilon: opt.number({
          min: 0,
          below: 1,
          default: 0.1,
          unit: 'share',
          doc: 'Share of the target that is spread over all outputs; 0 switches smoothing off.',
        }),
        validation: opt.boolean({
          default: true,
          doc: 'Whether the targets of the validation loss are smoothed too, as in fastai.',
        }),
      },
      create: ({ epsilon, validation }) => ({
        beforeBatch(batch) {
          if (epsilon === 0 || !(batch.training || validation)) return
          return { ...batch, targets: applySmoothing(batch.targets, epsilon) }
        },
      }),
    }),
})
