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
 * Long runs of a_yasyrev's network with mixup: from his notebooks' list, not from the thread.
 */
export default defineTable({
  id: 'imagewoof-128-80',
  title: 'Imagewoof, 128 px, 80 epochs',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, mixup, poolFirst, ranger, ssa],
  base: { ...newResblock(128), epochs: 80, tolerance: 0.01 },
  rows: {
    'mixup-start-30': {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], schedule: flatAndAnneal(0.3) },
      reported: { runs: [0.87605, 0.87605, 0.877068], leaderboard: 0.872 },
      note: 'Learning rate and batch size are those of his shorter runs; the list does not name them.',
    },
    'mixup-start-40': {
      from: 'mixup-start-30',
      change: { schedule: { ...flatAndAnneal(0.4), momenta: [0.95, 0.85] } },
      reported: { mean: 0.87611, n: 4, leaderboard: 0.872 },
    },
  },
})
