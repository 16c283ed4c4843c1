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
import twist from '@tricklab/plugin-twist'
import { flatAndAnneal } from './parts/forum-2019.ts'
import { leaderboard } from './parts/leaderboard.ts'
import { newResblock } from './parts/new-resblock.ts'

/**
 * The longest runs: with ConvTwist and without it, which is the control that its author gives.
 */
export default defineTable({
  id: 'imagewoof-128-200',
  title: 'Imagewoof, 128 px, 200 epochs',
  track: leaderboard,
  source: 'fast.ai forum, "Convolutional Layer with a Twist" (001_e66d634c1bf9c1b8.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, mixup, poolFirst, ranger, ssa, twist],
  base: {
    ...newResblock(128),
    callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.5 }],
    epochs: 200,
    tolerance: 0.01,
  },
  rows: {
    twist: {
      change: { model: { slots: { conv: { use: 'twist', version: 'centres' } } } },
      reported: { runs: [0.886485], leaderboard: 0.872 },
      note: 'The best accuracy of the documented run is .888267, at epoch 186.',
    },
    'no-twist': {
      reported: { runs: [0.8857], leaderboard: 0.872 },
      note: 'The control without the twist. Its best accuracy is .8880. Only the thread documents it.',
    },
    'twist-mixup-0.2': {
      from: 'twist',
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }] },
      note: 'The thread gives no number; it calls the result "no better than the 80-epoch runs".',
    },
    'mixup-start-20': {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }], schedule: flatAndAnneal(0.2) },
      reported: { runs: [0.883431, 0.882413, 0.883176], leaderboard: 0.872 },
      note: "The values are from a_yasyrev's list of long runs.",
    },
  },
})
