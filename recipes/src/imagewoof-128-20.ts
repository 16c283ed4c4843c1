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
import { newResblock } from './parts/new-resblock.ts'

/**
 * a_yasyrev's pooled residual block with all of the forum's tricks, against the leaderboard of January 2020.
 */
export default defineTable({
  id: 'imagewoof-128-20',
  title: 'Imagewoof, 128 px, 20 epochs',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, poolFirst, ranger, ssa],
  base: { ...newResblock(128), epochs: 20 },
  rows: {
    'new-resblock': {
      reported: { runs: [0.86256, 0.853143, 0.853652, 0.84449, 0.847544], leaderboard: 0.8552 },
      note: 'The source: "no improvement". A longer list of the author later gives .8610.',
    },
  },
})
