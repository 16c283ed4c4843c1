import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { judged, oneCycle, presized } from './parts/chapter-7.ts'

/** The trainings of `imagenette-224-5` on the dog breeds and their own split; no source documents them. */
export default defineTable({
  id: 'imagewoof-224-5',
  title: 'Imagewoof, 224 px, 5 epochs: half precision and normalisation',
  source: 'none: the configuration of imagenette-224-5',
  plugins: [data, nn, optim],
  base: {
    ...oneCycle,
    data: { dataset: 'imagewoof2', ...presized(224), normalize: { kind: 'none' }, shuffle: true, dropLast: true },
    epochs: 5,
    batchSize: 64,
    ...judged,
  },
  rows: {
    fp32: {},
    fp16: { change: { precision: 'bf16' } },
    normalized: { from: 'fp16', change: { data: { normalize: { kind: 'imagenet' } } } },
    'normalized-128': {
      from: 'normalized',
      change: { data: presized(128), batchSize: 128 },
      note: 'Image size and batch size are those of the first stage of progressive resizing.',
    },
  },
})
