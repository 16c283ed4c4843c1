import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import poolFirst from '@tricklab/plugin-pool-first'
import ranger from '@tricklab/plugin-ranger'
import ssa from '@tricklab/plugin-ssa'
import { meanCurve } from './parts/forum-2019.ts'
import { newResblock } from './parts/new-resblock.ts'

/**
 * a_yasyrev's network at 192 px, with both of the batch sizes that he tried.
 */
export default defineTable({
  id: 'imagewoof-192-5',
  title: 'Imagewoof, 192 px, 5 epochs',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, poolFirst, ranger, ssa],
  base: { ...newResblock(192), epochs: 5 },
  rows: {
    'new-resblock': {
      reported: {
        runs: [0.765335, 0.770934, 0.763808, 0.763044, 0.764571],
        leaderboard: 0.7594,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.3948, 0.5281, 0.5856, 0.692, 0.7653],
              [0.41, 0.5159, 0.491, 0.6811, 0.7709],
              [0.4072, 0.5335, 0.566, 0.6872, 0.7638],
              [0.3607, 0.5475, 0.4635, 0.6813, 0.763],
              [0.4006, 0.5503, 0.5378, 0.6829, 0.7646],
            ]),
          },
        },
      },
      note: 'The curve is the mean of the five.',
    },
    'new-resblock-batch-32': {
      change: { batchSize: 32 },
      reported: {
        runs: [0.776533, 0.779588, 0.770171, 0.791041, 0.776279],
        leaderboard: 0.7594,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.4121, 0.5457, 0.6452, 0.6966, 0.7765],
              [0.4314, 0.5604, 0.6388, 0.6816, 0.7796],
              [0.4497, 0.5666, 0.6462, 0.7109, 0.7702],
              [0.4253, 0.5612, 0.636, 0.6964, 0.791],
              [0.4222, 0.5561, 0.6192, 0.6989, 0.7763],
            ]),
          },
        },
      },
      note: "From the author's notebooks, not from the thread; became the leaderboard's 77.87. The curve is the mean of the five.",
    },
  },
})
