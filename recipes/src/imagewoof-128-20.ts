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
 * a_yasyrev's pooled residual block with all of the forum's tricks, against the leaderboard of January 2020.
 */
export default defineTable({
  id: 'imagewoof-128-20',
  title: 'Imagewoof, 128 px, 20 epochs',
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
  base: { ...newResblock(128), epochs: 20 },
  rows: {
    'new-resblock': {
      reported: { runs: [0.86256, 0.853143, 0.853652, 0.84449, 0.847544], leaderboard: 0.8552 },
      note: 'The source calls this result "no improvement". A later, longer list by the same author gives .8610.',
    },
    'depthwise-x2': {
      change: { batchSize: 32, model: depthwise(2) },
      reported: { mean: 0.8518, n: 5 },
      note: 'An entry of the leaderboard by Yao Liu, like the other depthwise rows. The source does not state the batch size for this image size; we use 32.',
    },
    'depthwise-x4': {
      change: { batchSize: 32, model: depthwise(4) },
      reported: { mean: 0.8622, n: 5 },
    },
    'depthwise-x6': {
      change: { batchSize: 32, model: depthwise(6) },
      reported: { mean: 0.8627, n: 5 },
    },
    'fastai2-maxpool': {
      change: fastai2020('imagewoof2', 128).maxpool,
      reported: { runs: [0.8483] },
      note: 'A single run by the authors of the script.',
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagewoof2', 128).maxblurpool,
      reported: { runs: [0.856197, 0.849071, 0.851871, 0.861542, 0.85747], leaderboard: 0.8552 },
      note: blurpoolNote,
    },
  },
})
