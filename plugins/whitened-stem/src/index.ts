import { definePlugin, fail, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import manifest from '../package.json' with { type: 'json' }
import { createWhitenedStem } from './create-whitened-stem.ts'
import { patchMoments, whiteningFilters } from './whitening-filters.ts'

export default definePlugin({
  name: 'whitened-stem',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2404.00498',
  register: (on) => [
    on.block('whitened-stem', {
      doc: 'A stem whose first filters are not trained: the callback of the same name makes them from training images.',
      options: { size: opt.integer({ min: 1, default: 2, unit: 'pixels', doc: 'Side of the first filters.' }) },
      create: createWhitenedStem,
    }),
    on.callback('whitened-stem', {
      doc: 'Fills the first filters of a whitened stem before training, from patches of training images.',
      stage: 'data',
      options: {
        images: opt.integer({
          min: 1,
          default: 5000,
          doc: 'Number of training images, or a few more, as batches have them.',
        }),
        epsilon: opt.number({ above: 0, default: 5e-4, doc: 'Small number added to the eigenvalues.' }),
      },
      create: ({ images, epsilon }, { source }) => ({
        async beforeFit({ params, startStep }) {
          // Later the weights are those of the checkpoint, or of the stage before.
          if (startStep > 0) return
          const filter = params.find(({ path }) => /(^|\/)whiten\/weight$/.test(path))
          if (filter === undefined) {
            fail('E_RECIPE', {
              what: 'The callback "whitened-stem" finds no whitened stem in the model.',
              expected: "a model with slots: { stem: 'whitened-stem' }.",
              received: `${params.length} parameters, none of them "whiten/weight".`,
            })
          }
          const [size, , channels] = filter.value.shape as [number, number, number, number]
          let [seen, moments] = [0, new Float64Array((size * size * channels) ** 2)]
          for await (const batch of source.read('train', 0, 0)) {
            const [, ...shape] = batch.images.shape
            const found = patchMoments((await batch.images.data()) as Float32Array, shape, size)
            moments = moments.map((sum, i) => sum + batch.size * found[i]!)
            seen += batch.size
            tf.dispose([batch.images, batch.targets])
            if (seen >= images) break
          }
          const filters = whiteningFilters(
            moments.map((sum) => sum / seen),
            epsilon,
          )
          tf.tidy(() => filter.value.assign(tf.tensor(filters, filter.value.shape)))
        },
      }),
    }),
  ],
})
