import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'

/** Networks for `pnpm bench train NAME` on images of the size of photos; what the images show takes no time. */
export default defineTable({
  id: 'plain-networks',
  title: 'Networks to measure on drawn images',
  source: 'none: nothing is reproduced',
  plugins: [data, nn, optim],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 10, imageSize: 128, channels: 3, trainSize: 256, validSize: 32 },
      normalize: { kind: 'sample-scalar', images: 32 },
      shuffle: false,
      dropLast: true,
    },
    model: 'xresnet50',
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.001 },
    schedule: 'constant',
    metrics: ['accuracy'],
    epochs: 1,
    batchSize: 32,
    seeds: [1],
  },
  rows: {
    xresnet18: { change: { model: 'xresnet18' } },
    xresnet50: {},
  },
})
