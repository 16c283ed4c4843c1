import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import augMix from '@tricklab/plugin-aug-mix'
import bce from '@tricklab/plugin-bce'
import blurpool from '@tricklab/plugin-blurpool'
import cbam from '@tricklab/plugin-cbam'
import colOut from '@tricklab/plugin-col-out'
import cosineRestarts from '@tricklab/plugin-cosine-restarts'
import cutmix from '@tricklab/plugin-cutmix'
import depthwiseExpand from '@tricklab/plugin-depthwise-expand'
import diracInit from '@tricklab/plugin-dirac-init'
import dropBlock from '@tricklab/plugin-drop-block'
import eca from '@tricklab/plugin-eca'
import ema from '@tricklab/plugin-ema'
import focal from '@tricklab/plugin-focal'
import gemPool from '@tricklab/plugin-gem-pool'
import ghostBatchNorm from '@tricklab/plugin-ghost-batch-norm'
import gradientClip from '@tricklab/plugin-gradient-clip'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import lamb from '@tricklab/plugin-lamb'
import lion from '@tricklab/plugin-lion'
import lookahead from '@tricklab/plugin-lookahead'
import mish from '@tricklab/plugin-mish'
import mixChoice from '@tricklab/plugin-mix-choice'
import mixup from '@tricklab/plugin-mixup'
import multiSampleDropout from '@tricklab/plugin-multi-sample-dropout'
import poly from '@tricklab/plugin-poly'
import poolFirst from '@tricklab/plugin-pool-first'
import progressiveResize from '@tricklab/plugin-progressive-resize'
import randAugment from '@tricklab/plugin-rand-augment'
import randomErasing from '@tricklab/plugin-random-erasing'
import ranger from '@tricklab/plugin-ranger'
import sam from '@tricklab/plugin-sam'
import se from '@tricklab/plugin-se'
import ssa from '@tricklab/plugin-ssa'
import stochasticDepth from '@tricklab/plugin-stochastic-depth'
import swa from '@tricklab/plugin-swa'
import trivialAugment from '@tricklab/plugin-trivial-augment'
import tta from '@tricklab/plugin-tta'
import twist from '@tricklab/plugin-twist'
import warmup from '@tricklab/plugin-warmup'
import weightStandardization from '@tricklab/plugin-weight-standardization'
import whitenedStem from '@tricklab/plugin-whitened-stem'
import { forumData, presized } from './parts/forum-2019.ts'

/** The plain row's optimizer: the peak rate is that of fastai's learner. */
const adamw = { use: 'adamw', learningRate: 3e-3 } as const

/**
 * What each trick is worth on one task: the row `plain`, and a row for every trick added to it alone, from the same seeds.
 *
 * Every trick has the options that its source recommends for a training of this length, chosen before the first run;
 * nothing was tuned on the validation photos. All else is as in `plain`, the learning rate too, unless the source of an
 * optimizer gives a rate relative to AdamW's.
 */
export default defineTable({
  id: 'tricks-64-10',
  title: 'What a trick is worth: Imagewoof, 64 px, 10 epochs',
  source: 'our own: every trick added alone to one plain training',
  plugins: [
    data,
    nn,
    optim,
    augMix,
    bce,
    blurpool,
    cbam,
    colOut,
    cosineRestarts,
    cutmix,
    depthwiseExpand,
    diracInit,
    dropBlock,
    eca,
    ema,
    focal,
    gemPool,
    ghostBatchNorm,
    gradientClip,
    labelSmoothing,
    lamb,
    lion,
    lookahead,
    mish,
    mixChoice,
    mixup,
    multiSampleDropout,
    poly,
    poolFirst,
    progressiveResize,
    randAugment,
    randomErasing,
    ranger,
    sam,
    se,
    ssa,
    stochasticDepth,
    swa,
    trivialAugment,
    tta,
    twist,
    warmup,
    weightStandardization,
    whitenedStem,
  ],
  base: {
    data: { dataset: { use: 'imagewoof2', archive: '320' }, ...presized(64), ...forumData },
    model: 'xresnet18',
    loss: 'cross-entropy',
    optimizer: adamw,
    schedule: 'one-cycle',
    metrics: ['accuracy'],
    epochs: 10,
    batchSize: 128,
    precision: 'bf16',
    seeds: [1, 2, 3, 4, 5],
  },
  rows: {
    plain: {},

    // Data and targets.
    mixup: { change: { callbacks: ['mixup'] } },
    cutmix: { change: { callbacks: ['cutmix'] } },
    'label-smoothing': { change: { callbacks: ['label-smoothing'] } },
    'aug-transforms': { change: { data: { train: { ...presized(64).train, augment: ['aug-transforms'] } } } },
    'mix-choice': { change: { callbacks: ['mix-choice'] } },
    'random-erasing': { change: { callbacks: [{ use: 'random-erasing', chance: 0.25 }] } },
    'col-out': { change: { callbacks: ['col-out'] } },
    'trivial-augment': { change: { data: { train: { ...presized(64).train, augment: ['trivial-augment'] } } } },
    'rand-augment': { change: { data: { train: { ...presized(64).train, augment: ['rand-augment'] } } } },
    'aug-mix': { change: { data: { train: { ...presized(64).train, augment: ['aug-mix'] } } } },
    'repeated-augmentation': { change: { data: { sampler: 'repeated-augmentation' } } },
    'progressive-resize': { change: { callbacks: ['progressive-resize'] } },
    tta: { change: { predictor: 'tta' } },

    // The loss.
    bce: { change: { loss: 'bce' } },
    focal: { change: { loss: 'focal' } },
    poly: { change: { loss: 'poly' } },

    // The network.
    mish: { change: { model: { slots: { act: 'mish' } } } },
    swish: { change: { model: { slots: { act: 'swish' } } } },
    gelu: { change: { model: { slots: { act: 'gelu' } } } },
    blurpool: { change: { model: { slots: { pool: 'blurpool' } } } },
    'pool-first': { change: { model: { slots: { residual: 'pool-first' } } } },
    se: { change: { model: { slots: { attention: 'se' } } } },
    ssa: { change: { model: { slots: { attention: { use: 'ssa', where: 'stage1-last' } } } } },
    eca: { change: { model: { slots: { attention: 'eca' } } } },
    cbam: { change: { model: { slots: { attention: 'cbam' } } } },
    'drop-block': { change: { model: { slots: { attention: { use: 'drop-block', size: 3 } } } } },
    'ghost-batch-norm': { change: { model: { slots: { norm: 'ghost-batch-norm' } } } },
    'weight-standardization': { change: { model: { slots: { swap: 'weight-standardization', norm: 'group-norm' } } } },
    'gem-pool': { change: { model: { slots: { head: 'gem-pool' } } } },
    'dirac-init': { change: { model: { slots: { conv: 'dirac-init' } } } },
    'whitened-stem': { change: { model: { slots: { stem: 'whitened-stem' } }, callbacks: ['whitened-stem'] } },
    'stochastic-depth': { change: { model: { slots: { attention: 'stochastic-depth' } } } },
    twist: { change: { model: { slots: { conv: 'twist' } } } },
    'depthwise-expand': { change: { model: { slots: { branch: 'depthwise-expand' } } } },
    'group-norm': { change: { model: { slots: { norm: 'group-norm' } } } },
    'multi-sample-dropout': { change: { model: { slots: { head: 'multi-sample-dropout' } } } },

    // The training.
    ema: { change: { callbacks: [{ use: 'ema', decay: 0.99 }] } },
    swa: { change: { callbacks: ['swa'] } },
    sam: { change: { optimizer: { use: 'sam', inner: adamw } } },
    asam: { change: { optimizer: { use: 'sam', adaptive: true, rho: 0.5, inner: adamw } } },
    'gradient-clip': { change: { callbacks: ['gradient-clip'] } },
    agc: { change: { callbacks: [{ use: 'gradient-clip', by: 'agc', limit: 0.01 }] } },
    lookahead: { change: { optimizer: { use: 'lookahead', inner: adamw } } },
    // A fifth of AdamW's rate, and five times its decay: the paper says three to ten.
    lion: { change: { optimizer: { use: 'lion', learningRate: 6e-4, weightDecay: 0.05 } } },
    lamb: { change: { optimizer: { use: 'lamb', learningRate: 3e-3 } } },
    ranger: { change: { optimizer: { use: 'ranger', learningRate: 3e-3 } } },
    warmup: { change: { schedule: 'warmup' } },
    // Three cycles, each twice as long as the one before it, end with the last epoch.
    'cosine-restarts': { change: { schedule: { use: 'cosine-restarts', firstEpochs: 10 / 7 } } },
    'flat-cosine': { change: { schedule: 'flat-cosine' } },
    'no-norm-decay': { change: { optimizer: { decayNormAndBias: false } } },
  },
})
