import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import depthwiseExpand from '@tricklab/plugin-depthwise-expand'
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
import { depthwise } from './parts/yao-liu.ts'

/**
 * a_yasyrev's network at 192 px, with both of the batch sizes that he tried.
 */
export default defineTable({
  id: 'imagewoof-192-20',
  title: 'Imagewoof, 192 px, 20 epochs',
  track: leaderboard,
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [
    data,
    nn,
    optim,
    blurpool,
    depthwiseExpand,
    labelSmoothing,
    mish,
    poolFirst,
    ranger,
    ssa,
    permutedGroups,
    se,
  ],
  base: { ...newResblock(192), epochs: 20 },
  rows: {
    'new-resblock-batch-32': {
      change: { batchSize: 32 },
      reported: { runs: [0.874777, 0.877832, 0.878595, 0.880377, 0.881395], leaderboard: 0.8725 },
    },
    'new-resblock': {
      reported: { runs: [0.874014, 0.874014, 0.873505, 0.877322, 0.87325], leaderboard: 0.8725 },
    },
    'depthwise-x2': {
      change: { batchSize: 16, model: depthwise(2) },
      reported: { mean: 0.8812, n: 5 },
      note: 'An entry of the leaderboard by Yao Liu, like the other depthwise rows.',
    },
    'depthwise-x4': {
      change: { batchSize: 16, model: depthwise(4) },
      reported: { mean: 0.8837, n: 5 },
    },
    'fastai2-maxpool': {
      change: fastai2020('imagewoof2', 192).maxpool,
      reported: { runs: [0.8715] },
      note: 'A single run by the authors of the script.',
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagewoof2', 192).maxblurpool,
      reported: { runs: [0.874014, 0.876559, 0.871723, 0.874777, 0.865615], leaderboard: 0.8725 },
      note: blurpoolNote,
    },
  },
})
