import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import permutedGroups from '@tricklab/plugin-permuted-groups'
import poolFirst from '@tricklab/plugin-pool-first'
import ranger from '@tricklab/plugin-ranger'
import se from '@tricklab/plugin-se'
import ssa from '@tricklab/plugin-ssa'
import { blurpoolNote, fastai2020 } from './parts/fastai-2020.ts'
import { leaderboard } from './parts/leaderboard.ts'
import { newResblock } from './parts/new-resblock.ts'

/**
 * a_yasyrev's network at 256 px.
 */
export default defineTable({
  id: 'imagewoof-256-20',
  title: 'Imagewoof, 256 px, 20 epochs',
  track: leaderboard,
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, poolFirst, ranger, ssa, permutedGroups, se],
  base: { ...newResblock(256), epochs: 20, batchSize: 32 },
  rows: {
    'new-resblock': {
      reported: { runs: [0.887503, 0.882667, 0.887758, 0.889285, 0.881904], leaderboard: 0.8829 },
    },
    'fastai2-maxpool': {
      change: fastai2020('imagewoof2', 256).maxpool,
      reported: { runs: [0.8761] },
      note: 'A single run by the authors of the script.',
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagewoof2', 256).maxblurpool,
      reported: { runs: [0.881395, 0.88394, 0.885976, 0.884703, 0.87885], leaderboard: 0.8829 },
      note: blurpoolNote,
    },
  },
})
