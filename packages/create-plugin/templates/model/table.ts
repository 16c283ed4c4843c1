import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import myTrick from './src/index.js'

/** Seconds, on images drawn from a seed: `PACKAGE_MANAGER run try`. */
export default defineTable({
  id: 'my-trick',
  title: 'My trick, and a network without it',
  source: 'this package',
  plugins: [data, nn, optim, myTrick],
  base: {
    data: { dataset: { use: 'synthetic', noise: 1 }, normalize: { kind: 'none' }, shuffle: true, dropLast: false },
    model: 'slowai-cnn',
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.01 },
    schedule: 'one-cycle',
    metrics: ['accuracy'],
    epochs: 2,
    batchSize: 64,
    seeds: [1, 2, 3],
  },
  rows: { plain: {}, 'with-my-trick': { change: { model: 'my-trick' } } },
})
