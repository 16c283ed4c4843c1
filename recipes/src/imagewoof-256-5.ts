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
import { meanCurve } from './parts/forum-2019.ts'
import { leaderboard } from './parts/leaderboard.ts'
import { newResblock } from './parts/new-resblock.ts'

/**
 * a_yasyrev's network at 256 px; the leaderboard counts its three runs as five.
 */
export default defineTable({
  id: 'imagewoof-256-5',
  title: 'Imagewoof, 256 px, 5 epochs',
  track: leaderboard,
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, poolFirst, ranger, ssa, permutedGroups, se],
  base: { ...newResblock(256), epochs: 5, batchSize: 32, seeds: [1, 2, 3] },
  rows: {
    'new-resblock': {
      reported: {
        runs: [0.783151, 0.788496, 0.793586],
        leaderboard: 0.7687,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.4558, 0.5869, 0.6157, 0.6964, 0.7832],
              [0.4286, 0.5457, 0.6213, 0.691, 0.7885],
              [0.4706, 0.566, 0.6551, 0.7037, 0.7936],
            ]),
          },
        },
      },
      note: 'The documented curve is the mean of the three runs.',
    },
    'fastai2-maxpool': {
      change: fastai2020('imagewoof2', 256).maxpool,
      reported: { mean: 0.7454, n: 3, leaderboard: 0.7554 },
      note: "ducha-aiki's runs of fastai v2's script; after three runs his memory ran out. The leaderboard shows a single run by the authors of the script.",
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagewoof2', 256).maxblurpool,
      reported: { runs: [0.777043, 0.758717, 0.772461, 0.755409, 0.780351], leaderboard: 0.7687 },
      note: blurpoolNote,
    },
  },
})
