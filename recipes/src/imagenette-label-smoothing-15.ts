import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import { judged, oneCycle, presized, printed, randomFifth, source, thousandOutputs } from './parts/chapter-7.ts'

/** Label smoothing of .1 over a thousand outputs: the loss cannot fall below 1.0148, where ten classes would allow .5003. */
export default defineTable({
  id: 'imagenette-label-smoothing-15',
  title: 'Imagenette, 128 px, 15 epochs: label smoothing',
  source,
  plugins: [data, nn, optim, labelSmoothing],
  base: {
    ...oneCycle,
    data: { dataset: 'imagenette2', ...presized(128), ...randomFifth, normalize: { kind: 'imagenet' } },
    model: thousandOutputs,
    callbacks: ['label-smoothing'],
    epochs: 15,
    batchSize: 128,
    precision: 'bf16',
    ...judged,
  },
  rows: {
    'label-smoothing': {
      reported: printed([
        [2.796061, 2.399328, 0.513443],
        [2.335293, 2.22297, 0.584391],
        [2.125152, 2.478721, 0.490291],
        [1.967522, 1.97726, 0.690441],
        [1.853788, 1.861635, 0.715459],
        [1.747451, 1.889759, 0.699776],
        [1.683, 1.710128, 0.770351],
        [1.610975, 1.672254, 0.780807],
        [1.534964, 1.691175, 0.769231],
        [1.480721, 1.490685, 0.84242],
        [1.4172, 1.463211, 0.852502],
        [1.360376, 1.395671, 0.867812],
        [1.312882, 1.360292, 0.887603],
        [1.28374, 1.34617, 0.890217],
        [1.26403, 1.339298, 0.89283],
      ]),
    },
  },
})
