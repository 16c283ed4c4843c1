import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import mixup from '@tricklab/plugin-mixup'
import { judged, oneCycle, presized, printed, randomFifth, source, thousandOutputs } from './parts/chapter-7.ts'

/** Mixup with α .4 on a network of a thousand outputs: losses are those of a thousand classes. */
export default defineTable({
  id: 'imagenette-mixup-15',
  title: 'Imagenette, 128 px, 15 epochs: mixup',
  source,
  plugins: [data, nn, optim, mixup],
  base: {
    ...oneCycle,
    data: { dataset: 'imagenette2', ...presized(128), ...randomFifth, normalize: { kind: 'imagenet' } },
    model: thousandOutputs,
    callbacks: ['mixup'],
    epochs: 15,
    batchSize: 128,
    precision: 'bf16',
    ...judged,
  },
  rows: {
    mixup: {
      reported: printed([
        [2.332906, 1.680691, 0.431292],
        [1.82388, 1.69988, 0.481329],
        [1.660909, 1.162998, 0.650112],
        [1.520751, 1.302749, 0.582524],
        [1.391567, 1.256566, 0.595967],
        [1.308175, 1.19367, 0.638163],
        [1.224825, 0.921357, 0.706871],
        [1.190292, 0.846658, 0.733383],
        [1.124314, 0.707856, 0.780807],
        [1.085013, 0.701829, 0.778193],
        [1.028223, 0.509176, 0.851008],
        [0.992827, 0.518169, 0.84578],
        [0.945492, 0.458248, 0.864078],
        [0.92345, 0.418989, 0.871546],
        [0.904607, 0.416422, 0.8764],
      ]),
    },
  },
})
