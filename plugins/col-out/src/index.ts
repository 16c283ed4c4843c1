import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { applyColOut, drawKept } from './col-out.ts'

const share = (doc: string) => opt.number({ min: 0, below: 1, default: 0.15, doc })

export default definePlugin({
  name: 'col-out',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.callback('col-out', {
      doc: 'Leaves out random rows and columns of training images, the same for all images of a batch.',
      notBeside: { 'progressive-resize': 'Both make images smaller than those of validation.' },
      stage: 'augment',
      options: {
        rows: share('Share of the rows that are left out; at least one row stays.'),
        columns: share('Share of the columns that are left out; at least one column stays.'),
      },
      create: ({ rows, columns }, { rng }) => ({
        beforeBatch(batch) {
          if (!batch.training || (rows === 0 && columns === 0)) return
          const [, height, width] = batch.images.shape
          const kept = [
            drawKept(rng.at('rows', batch.step), height, rows),
            drawKept(rng.at('columns', batch.step), width, columns),
          ]
          return { ...batch, images: applyColOut(batch.images, kept[0]!, kept[1]!) }
        },
      }),
    }),
})
