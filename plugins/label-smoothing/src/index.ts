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
      doc: 'Gives every output of the network an equal share of the target.',
      stage: 'target',
      options: {
        epsilon: opt.number({ min: 0, below: 1, default: 0.1, unit: 'share', doc: 'Goes to all outputs; 0 is off.' }),
        validation: opt.boolean({ default: true, doc: "Smooth for the validation loss too, as fastai's does." }),
      },
      create: ({ epsilon, validation }) => ({
        beforeBatch(batch) {
          if (epsilon === 0 || !(batch.training || validation)) return
          return { ...batch, targets: applySmoothing(batch.targets, epsilon) }
        },
      }),
    }),
})
