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
import { flatAndAnneal, forumData, meanCurve, metrics, presized, ranger as rangerAt4e3 } from './parts/forum-2019.ts'
import { newResblockModel } from './parts/new-resblock.ts'
import { deeper, depthwise, groupsOf } from './parts/yao-liu.ts'

/**
 * The forum's Imagewoof leaderboard at 128 px and 5 epochs.
 *
 * `ranger-mish` and `maxblurpool` are on the old split (500 validation photos) in half precision and without attention;
 * `new-resblock` is on today's (3,929). Their values are not comparable.
 */
export default defineTable({
  id: 'imagewoof-128-5',
  title: 'Imagewoof, 128 px, 5 epochs',
  track: 'leaderboard',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [
    data,
    nn,
    optim,
    blurpool,
    depthwiseExpand,
    labelSmoothing,
    mish,
    permutedGroups,
    poolFirst,
    ranger,
    ssa,
    se,
  ],
  base: {
    data: { dataset: 'imagewoof', ...presized(128), ...forumData },
    model: { use: 'xresnet50', stemWidths: [32, 64, 64], slots: { act: 'mish' } },
    loss: 'cross-entropy',
    optimizer: rangerAt4e3,
    schedule: flatAndAnneal(0.72),
    metrics,
    callbacks: ['label-smoothing'],
    epochs: 5,
    batchSize: 64,
    precision: 'bf16',
    seeds: [1, 2, 3, 4, 5],
    tolerance: 0.02,
  },
  rows: {
    'ranger-mish': {
      reported: {
        runs: [0.708, 0.74, 0.738, 0.756, 0.734],
        leaderboard: 0.7497,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.33, 0.41, 0.548, 0.608, 0.708],
              [0.332, 0.428, 0.614, 0.652, 0.74],
              [0.36, 0.45, 0.598, 0.65, 0.738],
              [0.378, 0.412, 0.57, 0.61, 0.756],
              [0.41, 0.416, 0.576, 0.65, 0.734],
            ]),
          },
        },
      },
      recordedSeeds: [1, 2, 3],
      knownToFallShort: true,
      note: "lessw2020's entry. Another block of the same notebook gives .7404 (sd .0082, 5 runs). The curve is the mean of the five. Our three seeds end 2.7 points below it, with losses inside the source's range (training 1.24 to 1.25 of 1.22 to 1.27, validation 1.19 to 1.20 of 1.15 to 1.22), on photos that were shrunk to 224 px before: sdoria measured 1.5 to 2.6 points for training on shrunk ones (of 160 px). That this is why is likely and not shown: shrinking the validation photos alone once more, to 160 px, moved two of the seeds by +0.6 and −1.6 points.",
    },
    maxblurpool: {
      from: 'ranger-mish',
      change: { model: { slots: { pool: 'blurpool' } } },
      reported: {
        runs: [0.76, 0.768, 0.762, 0.746, 0.742],
        leaderboard: 0.7497,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.436, 0.462, 0.626, 0.682, 0.76],
              [0.392, 0.388, 0.586, 0.7, 0.768],
              [0.358, 0.36, 0.614, 0.676, 0.762],
              [0.44, 0.412, 0.642, 0.654, 0.746],
              [0.348, 0.468, 0.594, 0.626, 0.742],
            ]),
          },
        },
      },
      recordedSeeds: [1],
      note: "ducha-aiki's entry: kornia's MaxBlurPool of the time instead of both pools. The curve is the mean of the five.",
    },
    'ranger-mish-ssa': {
      from: 'ranger-mish',
      change: { model: { slots: { attention: { use: 'ssa', where: 'stage1-last' } } } },
      reported: { mean: 0.7497, n: 5 },
      note: "The leaderboard's value; of the runs the source says only that the best reached .78 and the mean was about .75.",
    },
    'ranger-mish-v2': {
      from: 'ranger-mish',
      change: { data: { dataset: 'imagewoof2' } },
      reported: { mean: 0.675, n: 5 },
      note: 'The same entry on the new split. Its user says "67 or 68-ish" and lists no runs; .675 stands for that.',
    },
    'new-resblock': {
      change: { data: { dataset: 'imagewoof2' }, model: newResblockModel, precision: 'f32' },
      reported: {
        runs: [0.751082, 0.734029, 0.728939, 0.727412, 0.737847],
        leaderboard: 0.7337,
        curve: {
          valid: {
            accuracy: meanCurve([
              [0.3663, 0.4869, 0.5836, 0.6803, 0.7511],
              [0.3655, 0.523, 0.5538, 0.6574, 0.734],
              [0.4329, 0.5179, 0.5508, 0.6513, 0.7289],
              [0.3978, 0.4861, 0.465, 0.6625, 0.7274],
              [0.3993, 0.551, 0.5554, 0.6498, 0.7378],
            ]),
          },
        },
      },
      note: "a_yasyrev's notebook, in float32. The curve is the mean of the five.",
    },
    'groups-of-8-layers-4-6-8-10': {
      from: 'new-resblock',
      change: { batchSize: 32, model: groupsOf(8, deeper) },
      reported: { runs: [0.769661, 0.758208, 0.769407, 0.76228, 0.76788] },
      note: "Yao Liu's notebooks, as the three rows after it.",
    },
    'groups-of-8-layers-4-6-8-10-2-cycles': {
      from: 'groups-of-8-layers-4-6-8-10',
      change: { model: { slots: { conv: { use: 'permuted-groups', channelsPerGroup: 8, design: '2-cycles' } } } },
      reported: { runs: [0.764062, 0.762789, 0.756681, 0.758463, 0.766098] },
    },
    'groups-of-16-layers-4-6-8-10': {
      from: 'groups-of-8-layers-4-6-8-10',
      change: { model: groupsOf(16, deeper) },
      reported: { runs: [0.76508, 0.766862, 0.748791, 0.751082, 0.750827] },
    },
    'groups-of-4-layers-4-6-8-10': {
      from: 'groups-of-8-layers-4-6-8-10',
      change: { model: groupsOf(4, deeper) },
      reported: { runs: [0.761517, 0.758717, 0.778061, 0.78086, 0.760499] },
    },
    'depthwise-x2': {
      from: 'new-resblock',
      change: { batchSize: 32, model: depthwise(2) },
      reported: { mean: 0.7519, n: 5 },
      note: 'Leaderboard entries by Yao Liu, as the two rows after it. Batch size 32 is not stated for this size.',
    },
    'depthwise-x4': {
      from: 'new-resblock',
      change: { batchSize: 32, model: depthwise(4) },
      reported: { mean: 0.7627, n: 5 },
    },
    'depthwise-x6': {
      from: 'new-resblock',
      change: { batchSize: 32, model: depthwise(6) },
      reported: { mean: 0.7661, n: 5 },
      note: "The leaderboard's record at this size and length.",
    },
    'fastai2-maxpool': {
      change: fastai2020('imagewoof2', 128).maxpool,
      reported: { runs: [0.714686, 0.712904, 0.719012, 0.729193, 0.701451], leaderboard: 0.719 },
      note: "ducha-aiki's runs of fastai v2's script; the leaderboard's is the script's own single run.",
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagewoof2', 128).maxblurpool,
      reported: { runs: [0.731738, 0.729193, 0.730466, 0.740392, 0.737083], leaderboard: 0.7337 },
      note: blurpoolNote,
    },
  },
})
