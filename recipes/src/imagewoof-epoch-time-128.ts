import { defineMeasurementTable } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import poolFirst from '@tricklab/plugin-pool-first'
import ranger from '@tricklab/plugin-ranger'
import ssa from '@tricklab/plugin-ssa'
import { adding, timed } from './parts/epoch-time.ts'

/**
 * The forum's epoch times on a Tesla T4 at 128 px: only their ratios can be compared with another machine's.
 * The batch size of this table is not stated; 64 is that of the notebooks. Without attention nothing was timed.
 */
export default defineMeasurementTable({
  id: 'imagewoof-epoch-time-128',
  title: 'Imagewoof, 128 px: what attention, Mish, MaxBlurPool and the new block cost',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  measures: 'step-time',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, poolFirst, ranger, ssa],
  reference: 'xresnet-ssa',
  tolerance: 0.1,
  base: timed(128, 64),
  rows: {
    'xresnet-ssa': { change: adding.ssa, reported: { secondsPerEpoch: 75 } },
    'xresnet-ssa-mish': { from: 'xresnet-ssa', change: adding.mish, reported: { secondsPerEpoch: 78 } },
    'new-block-ssa': { from: 'xresnet-ssa', change: adding.newBlock, reported: { secondsPerEpoch: 74 } },
    'new-block-ssa-mish': { from: 'new-block-ssa', change: adding.mish, reported: { secondsPerEpoch: 77 } },
    'new-block-ssa-mish-maxblurpool': {
      from: 'new-block-ssa-mish',
      change: adding.maxblurpool,
      reported: { secondsPerEpoch: 80 },
    },
  },
})
