import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { combineMax, combineMean } from './combine-views.ts'

export default definePlugin({
  name: 'tta',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.predictor('tta', {
      doc: 'Test-time augmentation: the probabilities of several random views of an image and of the plain one.',
      options: {
        views: opt.integer({ min: 1, default: 4, doc: 'Random views of every image, drawn as in training.' }),
        reduce: opt.choice(['mean', 'max'], {
          default: 'mean',
          doc: 'mean: of the random views, mixed with the plain one by beta; max: the largest of all views, class by class.',
        }),
        beta: opt.number({
          min: 0,
          max: 1,
          default: 0.25,
          unit: 'share',
          doc: 'Weight of the plain view beside the mean of the others; max does not use it.',
        }),
      },
      create: ({ views, reduce, beta }) => ({
        views,
        combine: (plain, drawn) => (reduce === 'max' ? combineMax(plain, drawn) : combineMean(plain, drawn, beta)),
      }),
    }),
})
