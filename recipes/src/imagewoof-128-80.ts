import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import depthwiseExpand from '@tricklab/plugin-depthwise-expand'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import mixup from '@tricklab/plugin-mixup'
import permutedGroups from '@tricklab/plugin-permuted-groups'
import poolFirst from '@tricklab/plugin-pool-first'
import ranger from '@tricklab/plugin-ranger'
import ssa from '@tricklab/plugin-ssa'
import twist from '@tricklab/plugin-twist'
import { flatAndAnneal } from './parts/forum-2019.ts'
import { leaderboard } from './parts/leaderboard.ts'
import { newResblock } from './parts/new-resblock.ts'
import { twistLog } from './parts/twist-log.ts'
import { deeper, depthwise, groupsOf } from './parts/yao-liu.ts'

const unknown75 = Array.from({ length: 75 }, () => null)

/**
 * Long runs of a_yasyrev's network with mixup, from his notebooks' list; ConvTwist and permuted groups from the thread "Convolutional
 * Layer with a Twist"; and later entries of the leaderboard.
 */
export default defineTable({
  id: 'imagewoof-128-80',
  title: 'Imagewoof, 128 px, 80 epochs',
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
    mixup,
    permutedGroups,
    poolFirst,
    ranger,
    ssa,
    twist,
  ],
  base: { ...newResblock(128), epochs: 80, tolerance: 0.01 },
  rows: {
    'mixup-start-30': {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], schedule: flatAndAnneal(0.3) },
      reported: { runs: [0.87605, 0.87605, 0.877068], leaderboard: 0.872 },
      note: 'The list does not name learning rate and batch size; we use those of the shorter runs by the same author.',
    },
    'mixup-start-40': {
      from: 'mixup-start-30',
      change: { schedule: { ...flatAndAnneal(0.4), momenta: [0.95, 0.85] } },
      reported: { mean: 0.87611, n: 4, leaderboard: 0.872 },
    },
    twist: {
      change: {
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.5 }],
        model: { slots: { conv: { use: 'twist', version: 'centres' } } },
      },
      reported: {
        runs: [0.881904],
        leaderboard: 0.872,
        curve: {
          train: { loss: twistLog.trainLoss },
          valid: { loss: twistLog.validLoss, accuracy: twistLog.accuracy, 'top5-accuracy': twistLog.topFiveAccuracy },
        },
      },
      note: "The values are from the log in the thread, whose best accuracy is .883431, at epoch 77. Batch size and schedule are those of a_yasyrev's notebook, which the thread names. In this log the training loss is above the validation loss in all 80 epochs.",
    },
    'twist-mixup-0.2': {
      from: 'twist',
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }] },
      reported: {
        runs: [0.879868],
        leaderboard: 0.872,
        curve: {
          train: { loss: [...unknown75, 0.806449, 0.811659, 0.817209, 0.810033, 0.816474] },
          valid: {
            loss: [...unknown75, 0.819721, 0.817289, 0.812791, 0.815445, 0.812994],
            accuracy: [...unknown75, 0.878086, 0.878595, 0.881649, 0.877832, 0.879868],
            'top5-accuracy': [...unknown75, 0.979384, 0.979384, 0.979384, 0.97913, 0.97913],
          },
        },
      },
      note: 'The thread shows only the last five epochs.',
    },
    'twist-new': {
      from: 'twist',
      change: {
        batchSize: 32,
        model: {
          slots: { conv: { use: 'twist', version: 'two-coefficients', channelsPerGroup: 32, permute: true, iters: 4 } },
        },
      },
      reported: { runs: [0.87885], leaderboard: 0.872 },
      note: 'The layer of the thread, in the version of the notebook that was committed with it: groups of 32 channels in one cycle, and four Euler steps.',
    },
    'groups-of-8-layers-4-6-8-10': {
      change: {
        batchSize: 32,
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.4 }],
        model: groupsOf(8, deeper),
      },
      reported: { runs: [0.886231], leaderboard: 0.872 },
      note: 'The result 88.62 of the thread: no twist, groups in 4-cycles.',
    },
    'groups-of-8-layers-4-6-8-10-2-cycles': {
      from: 'groups-of-8-layers-4-6-8-10',
      change: { model: { slots: { conv: { use: 'permuted-groups', channelsPerGroup: 8, design: '2-cycles' } } } },
      reported: { runs: [0.877577], leaderboard: 0.872 },
    },
    'twist-layer': {
      change: {
        model: {
          slots: { pool: null, residual: 'xresnet-block', conv: { use: 'twist', version: 'twist-layer' } },
        },
      },
      reported: { runs: [0.8727], leaderboard: 0.872 },
      note: "The first TwistLayer in lessw2020's network. The log is lost; the thread gives 87.27 at the end and 87.42 one epoch earlier. A second run ends at .877322. The source also twisted two convolutions of the stem. Its weights started as ours do.",
    },
    'depthwise-x2': {
      change: { batchSize: 32, callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], model: depthwise(2) },
      reported: { runs: [0.877] },
      note: 'An entry of the leaderboard by Yao Liu, like the other depthwise rows. The source does not state the batch size for this image size; we use 32.',
    },
    'depthwise-x4': {
      change: { batchSize: 32, callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], model: depthwise(4) },
      reported: { runs: [0.8783] },
    },
    'depthwise-x6': {
      change: { batchSize: 32, callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], model: depthwise(6) },
      reported: { runs: [0.8765] },
    },
  },
})
