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
import { flatAndAnneal } from './parts/forum-2019.ts'
import { leaderboard } from './parts/leaderboard.ts'
import { newResblock } from './parts/new-resblock.ts'
import { deeper, depthwise, groupsOf } from './parts/yao-liu.ts'

/**
 * Long runs of a_yasyrev's network with and without mixup, from his notebooks' list; Yao Liu's permuted groups and depthwise
 * convolutions.
 */
export default defineTable({
  id: 'imagewoof-192-80',
  title: 'Imagewoof, 192 px, 80 epochs',
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
  ],
  base: { ...newResblock(192), schedule: flatAndAnneal(0.4), epochs: 80, batchSize: 32, tolerance: 0.01 },
  rows: {
    mixup: {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }] },
      reported: { runs: [0.900229, 0.898702, 0.893103, 0.895902], leaderboard: 0.8921 },
    },
    'no-mixup': {
      reported: { runs: [0.893357, 0.885467], leaderboard: 0.8921 },
      note: 'The list does not say when the learning rate begins to fall; we take .4 from the row mixup.',
    },
    'mixup-0.02': {
      change: { callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.02 }] },
      reported: { runs: [0.892339], leaderboard: 0.8921 },
      note: 'The heading in the source says mixup 0.2, but its code says 0.02.',
    },
    'groups-of-8-layers-4-6-8-10': {
      change: {
        batchSize: 16,
        schedule: flatAndAnneal(0.72),
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.4 }],
        model: groupsOf(8, deeper),
      },
      reported: { runs: [0.897938], leaderboard: 0.8921 },
      note: 'The result 89.79 of the thread.',
    },
    'groups-of-8-mixup-0.2': {
      from: 'groups-of-8-layers-4-6-8-10',
      change: {
        batchSize: 32,
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }],
        model: { slots: { pool: null } },
      },
      reported: { runs: [0.902], leaderboard: 0.8921 },
      note: 'a_yasyrev reports 90.20 for one run without MaxBlurPool. He does not state depth, batch size and schedule.',
    },
    'depthwise-x2': {
      change: {
        batchSize: 16,
        schedule: flatAndAnneal(0.72),
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }],
        model: depthwise(2),
      },
      reported: { runs: [0.903] },
      note: 'The best entry of the leaderboard. It is by Yao Liu, like the other depthwise rows.',
    },
    'depthwise-x4': {
      change: {
        batchSize: 16,
        schedule: flatAndAnneal(0.72),
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }],
        model: depthwise(4),
      },
      reported: { runs: [0.9025] },
      note: 'Another run of the source gave .8989.',
    },
    'depthwise-x6': {
      change: {
        batchSize: 16,
        schedule: flatAndAnneal(0.72),
        callbacks: ['label-smoothing', { use: 'mixup', alpha: 0.2 }],
        model: depthwise(6),
      },
      reported: { runs: [0.9037] },
    },
  },
})
