import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import blurpool from '@tricklab/plugin-blurpool'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import permutedGroups from '@tricklab/plugin-permuted-groups'
import rangerPlugin from '@tricklab/plugin-ranger'
import se from '@tricklab/plugin-se'
import ssa from '@tricklab/plugin-ssa'
import { blurpoolNote, fastai2020 } from './parts/fastai-2020.ts'
import { flatAndAnneal, forumData, metrics, presized, ranger } from './parts/forum-2019.ts'

/**
 * Why a leaderboard entry of 84.6 % became 75 % when somebody repeated it: the archive had been split anew, which its
 * user found, and on one GPU the script divides the learning rate by four, which nobody mentions. `split-alone` and
 * `rate-alone` tell the two apart.
 */
export default defineTable({
  id: 'imagenette-128-5',
  title: 'Imagenette, 128 px, 5 epochs: a replication that failed, and why',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  plugins: [data, nn, optim, blurpool, labelSmoothing, mish, permutedGroups, rangerPlugin, se, ssa],
  base: {
    data: { dataset: { use: 'imagenette', archive: '160' }, ...presized(128), ...forumData },
    model: 'xresnet50',
    loss: 'cross-entropy',
    // Four GPUs with 64 photos each: batch norm sees 64, the optimizer 256.
    optimizer: { use: 'adamw', learningRate: 3e-3, beta2: 0.99, epsilon: 1e-6, decayNormAndBias: false },
    schedule: { use: 'one-cycle', divFactor: 10 },
    metrics,
    callbacks: ['label-smoothing'],
    epochs: 5,
    batchSize: 64,
    accumulate: 4,
    precision: 'bf16',
    seeds: [1, 2, 3, 4, 5],
    tolerance: 0.02,
  },
  rows: {
    'leaderboard-2019': {
      reported: { mean: 0.846, n: 5 },
      note: 'The entry of the leaderboard: 500 validation photos, an effective batch size of 256 and a learning rate of 3e-3.',
    },
    replication: {
      change: {
        data: { dataset: { use: 'imagenette2', archive: '160' } },
        optimizer: { use: 'adamw', learningRate: 7.5e-4 },
        accumulate: 1,
      },
      reported: {
        runs: [0.751338],
        leaderboard: 0.846,
        curve: { valid: { accuracy: [0.366115, 0.563312, 0.644586, 0.715924, 0.751338] } },
      },
      note: "pete88b's replication: the new split, and one GPU, for which the script scales the learning rate to 7.5e-4.",
    },
    'split-alone': {
      change: { data: { dataset: { use: 'imagenette2', archive: '160' } } },
      note: 'The first possible cause alone: the new split with the learning rate of the entry. The source does not have this row.',
    },
    'rate-alone': {
      change: { optimizer: { use: 'adamw', learningRate: 7.5e-4 }, accumulate: 1 },
      note: 'The second possible cause alone: the old split with the learning rate for one GPU. The source does not have this row.',
    },
    maxblurpool: {
      change: {
        data: { dataset: { use: 'imagenette', archive: 'full' } },
        model: { use: 'xresnet50', stemWidths: [32, 64, 64], slots: { act: 'mish', pool: 'blurpool' } },
        optimizer: ranger,
        schedule: flatAndAnneal(0.72),
        accumulate: 1,
      },
      reported: { runs: [0.9, 0.902, 0.898, 0.896, 0.898], leaderboard: 0.8948 },
      note: "ducha-aiki's Imagewoof entry, trained on Imagenette. The value is from his notebook; the thread does not have it.",
    },
    'fastai2-maxpool': {
      change: fastai2020('imagenette2', 128).maxpool,
      reported: { mean: 0.84693, leaderboard: 0.8471 },
      note: "ducha-aiki's runs of fastai v2's script; the source gives only their mean. The leaderboard shows a single run by the authors of the script.",
    },
    'fastai2-maxblurpool': {
      change: fastai2020('imagenette2', 128).maxblurpool,
      reported: { mean: 0.85106 },
      note: blurpoolNote,
    },
    'record-2021': {
      from: 'fastai2-maxblurpool',
      change: {
        data: {
          train: { crop: { use: 'resize-crop', size: 128, flip: 0.5 } },
          valid: { crop: { use: 'resize-crop', size: 128 } },
        },
        batchSize: 32,
        precision: 'f32',
      },
      reported: { runs: [0.876688, 0.872611, 0.86828, 0.874904, 0.879236], leaderboard: 0.8743 },
      note: "radekosmulski's record. He crops a random square at full height or width instead of a random region, and trains in float32 with batches of 32. Without blur pooling he reports .86369.",
    },
    'record-2021-without-blur': {
      from: 'record-2021',
      change: { model: { slots: { pool: { use: 'max-pool', where: 'shortcut' } } } },
      reported: { mean: 0.86369 },
      note: 'The same training with the max pool of the script instead of blur pooling.',
    },
  },
})
