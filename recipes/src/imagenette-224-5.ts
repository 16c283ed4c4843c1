import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { judged, oneCycle, presized, printed, randomFifth, source } from './parts/chapter-7.ts'

/** The first three trainings of the notes: in float32, in half precision, and with normalised images. */
export default defineTable({
  id: 'imagenette-224-5',
  title: 'Imagenette, 224 px, 5 epochs: half precision and normalisation',
  source,
  plugins: [data, nn, optim],
  base: {
    ...oneCycle,
    data: { dataset: 'imagenette2', ...presized(224), ...randomFifth, normalize: { kind: 'none' } },
    epochs: 5,
    batchSize: 64,
    ...judged,
  },
  rows: {
    fp32: {
      reported: printed([
        [1.672769, 3.459394, 0.301718],
        [1.224001, 1.404229, 0.552651],
        [0.968035, 0.99646, 0.660941],
        [0.69955, 0.709341, 0.771471],
        [0.57812, 0.571692, 0.820388],
      ]),
    },
    fp16: {
      change: { precision: 'bf16' },
      reported: printed([
        [1.569645, 3.962554, 0.329724],
        [1.23995, 2.608771, 0.355489],
        [0.964794, 0.982138, 0.6882],
        [0.721289, 0.681677, 0.791636],
        [0.606473, 0.581621, 0.824122],
      ]),
      note: 'The source trains in float16 and scales the loss.',
    },
    normalized: {
      from: 'fp16',
      change: { data: { normalize: { kind: 'imagenet' } } },
      reported: printed([
        [1.545518, 3.255928, 0.342046],
        [1.234556, 1.449043, 0.560866],
        [0.970857, 1.310043, 0.617252],
        [0.73617, 0.770678, 0.758402],
        [0.619965, 0.575979, 0.822629],
      ]),
    },
  },
})
