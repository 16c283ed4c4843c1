import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'

export default defineTable({
  id: 'first-steps',
  title: 'Waves and spots, 2 epochs',
  source: 'my notes',
  plugins: [data, nn, optim, labelSmoothing, mish],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 5, imageSize: 20, noise: 0.3 },
      normalize: { kind: 'sample-scalar', images: 100 },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'xresnet18', stemWidths: [8, 8, 16] },
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.004 },
    schedule: 'one-cycle',
    metrics: ['accuracy'],
    epochs: 2,
    batchSize: 64,
    seeds: [1, 2, 3],
  },
  rows: {
    plain: { reported: { runs: [0.95] }, tolerance: 0.05 },
    mish: { from: 'plain', change: { model: { slots: { act: 'mish' } } } },
    smooth: { from: 'mish', change: { callbacks: [{ use: 'label-smoothing', epsilon: 0.1 }] } },
  },
})
