import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { fineTune, optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mixup from '@tricklab/plugin-mixup'
import { judged, oneCycle, presized, printed, randomFifth, source, thousandOutputs } from './parts/chapter-7.ts'

/**
 * Label smoothing, mixup and progressive resizing together: 15 epochs at 128 px, then `fine_tune(10, 1e-3)` at 224 px. In
 * the source the second split is a new one, as in `imagenette-progressive`.
 */
export default defineTable({
  id: 'imagenette-combined',
  title: 'Imagenette: label smoothing, mixup and progressive resizing from 128 to 224 px',
  source,
  plugins: [data, nn, optim, labelSmoothing, mixup],
  base: {
    ...oneCycle,
    data: { dataset: 'imagenette2', ...presized(128), ...randomFifth, normalize: { kind: 'imagenet' } },
    model: thousandOutputs,
    callbacks: ['label-smoothing', 'mixup'],
    epochs: 15,
    batchSize: 128,
    precision: 'bf16',
    ...judged,
  },
  rows: {
    'seed-faithful': {
      stages: [{ epochs: 15 }, ...fineTune({ epochs: 10, learningRate: 1e-3 }, { data: presized(224), batchSize: 64 })],
      reported: printed([
        [3.045166, 2.561215, 0.449589],
        [2.642317, 2.906508, 0.4059],
        [2.473271, 2.389416, 0.516804],
        [2.356234, 2.263084, 0.557506],
        [2.268788, 2.40177, 0.544436],
        [2.181318, 2.040797, 0.650485],
        [2.122742, 1.711615, 0.761762],
        [2.068317, 1.96152, 0.6882],
        [2.022716, 1.751058, 0.743839],
        [1.980203, 1.635354, 0.792009],
        [1.943118, 1.711313, 0.758028],
        [1.889408, 1.454949, 0.854742],
        [1.853412, 1.433971, 0.862584],
        [1.847395, 1.412596, 0.867438],
        [1.81776, 1.409608, 0.87528],
        [1.951753, 1.672776, 0.789395],
        [1.872399, 1.384301, 0.892457],
        [1.860005, 1.441491, 0.864078],
        [1.876859, 1.425859, 0.867438],
        [1.851872, 1.46064, 0.863331],
        [1.840423, 1.413441, 0.880508],
        [1.80899, 1.444332, 0.863704],
        [1.777755, 1.321098, 0.910754],
        [1.761589, 1.312523, 0.912621],
        [1.756679, 1.302988, 0.919716],
        [1.745481, 1.304583, 0.918969],
      ]),
      note: 'As in the source, the second stage draws a new random split. Four fifths of its validation images are therefore images that the first stage has trained on.',
    },
    'official-split': {
      from: 'seed-faithful',
      change: { data: { split: 'official' } },
      note: "The same training with the dataset's own split: no stage trains on validation images.",
    },
  },
})
