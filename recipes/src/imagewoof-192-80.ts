import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import mixup from '@tricklab/plugin-mixup'
import poolFirst from '@tricklab/plugin-pool-first'
import ranger from '@tricklab/plugin-ranger'
import ssa from '@tricklab/plugin-ssa'
import { flatAndAnneal } from './parts/forum-2019.ts'
import { newResblock } from './parts/new-resblock.ts'

/**
 * Long runs of a_yasyrev's network with and without mixup: from his notebooks' list, not from the thread.
 */
export default defineTable({
  id: 'imagewoof-192-80',
  title: 'Imagewoof, 192 px, 80 epochs',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, mixup, poolFirst, ranger, ssa],
  base: { ...newResblock(192), schedule: flatAndAnneal(0.4), epochs: 80, batchSize: 32, tolerance: 0.01 },
  rows: {
    mixup: {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }] },
      reported: { runs: [0.900229, 0.898702, 0.893103, 0.895902], leaderboard: 0.8921 },
    },
    'no-mixup': {
      reported: { runs: [0.893357, 0.885467], leaderboard: 0.8921 },
      note: 'The list does not say where the rate begins to fall; .4 is that of its neighbour.',
    },
    'mixup-0.02': {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.02 }] },
      reported: { runs: [0.892339], leaderboard: 0.8921 },
      note: 'Its heading says mixup 0.2, its code 0.02.',
    },
  },
})
