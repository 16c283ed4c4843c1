import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { combineMax, combineMean } from './combine-views.ts'

export default definePlugin({
  name: 'tta',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.predictor('tta', {
      doc: 'Test-time augmentation: combines the probabilities of several random views of an image with those of the plain image.',
      options: {
        views: opt.integer({ min: 1, default: 4, doc: 'Number of random views per image, augmented as in training.' }),
        reduce: opt.choice(['mean', 'max'], {
          default: 'mean',
          doc: '`mean` averages the random views and mixes the result with the plain image by `beta`; `max` takes the largest probability of each class over all views.',
        }),
        beta: opt.number({
          min: 0,
          max: 1,
          default: 0.25,
          unit: 'share',
          doc: 'Weight of the plain image beside the mean of the random views; `max` does not use it.',
        }),
      },
      create: ({ views, reduce, beta }) => ({
        views,
        combine: (plain, drawn) => (reduce === 'max' ? combineMax(plain, drawn) : combineMean(plain, drawn, beta)),
      }),
    }),
})
