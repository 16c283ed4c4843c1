import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mish from '@tricklab/plugin-mish'
import ranger from '@tricklab/plugin-ranger'
import se from '@tricklab/plugin-se'
import ssa from '@tricklab/plugin-ssa'
import twist from '@tricklab/plugin-twist'
import { fastai2020 } from './parts/fastai-2020.ts'
import { metrics } from './parts/forum-2019.ts'

const script = fastai2020('imagewoof2', 128).maxpool

const gates = { use: 'se', width: 'fastai', activation: 'skeleton' } as const
const attention = { use: 'ssa', where: 'stage1-last' } as const

/** fastai's xse_resnext18_deep. */
const deep = {
  layers: [2, 2, 2, 2, 1, 1],
  widths: [64, 128, 256, 512, 256, 256],
  slots: { attention: gates },
} as const

/** The first TwistLayer where its author has it, and what became of that in the source. */
const threeByThree = { use: 'twist', version: 'twist-layer', outputsAbove: 32 } as const
const everywhere = { ...threeByThree, kernels: 'any', groups: 'none', start: 'torch' } as const
const twisted = { model: { slots: { swap: threeByThree } } } as const
const twistedEverywhere = { model: { slots: { swap: everywhere } } } as const

const flaw =
  "This row keeps a mistake of the source: every convolution with more than 32 outputs becomes a 3 × 3 twist without groups, even the 1 × 1 convolutions of shortcuts and gates, and the gates lose a bias. The source replaced the convolutions after it had initialised the network, so the twists have PyTorch's default initialisation."
const mended =
  'What the source meant to run but did not: a twist replaces each 3 × 3 convolution with more than 32 outputs, the last one of the stem included, with the initialisation of the author of the layer.'
const grouped =
  ' A twist keeps the groups of its convolution in all three kernels. The author of the layer does not use groups, and asked whether the source did.'
const unlogged =
  'The value is from the table of the notebook, which does not keep the log. The settings shown ask for self-attention, but the number of parameters is that of a network without it, so we train without it.'

/**
 * pete88b's check of the TwistLayer in fastai v2, one run a row. It compares the size of a kernel, which is a pair, to 1, so
 * that its swap takes every convolution; beside each row that did so stands one that takes what it meant to.
 *
 * A table of its own: these networks are not the leaderboard's, and what can be compared with them is here. The notebook
 * is a copy of the script of January 2020 and prints its settings; what it leaves to the library, such as the schedule and
 * how photos are squashed for validation, is the script's. Which version of the library it ran, and on what, is unknown.
 */
export default defineTable({
  id: 'imagewoof-twist-layer',
  title: 'Imagewoof, 128 px, 5 epochs: where a TwistLayer stands',
  source:
    'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt), which links to pete88b/data-science: train-imagewoof-with-TwistLayer.ipynb',
  plugins: [data, nn, optim, labelSmoothing, mish, ranger, se, ssa, twist],
  base: {
    ...script,
    data: { ...script.data, shuffle: true, dropLast: true },
    model: {
      use: 'xresnet18',
      slots: { act: 'mish', branch: 'resnext-branch', attention: [gates, attention] },
    },
    loss: 'cross-entropy',
    optimizer: { ...script.optimizer, learningRate: 3e-3 },
    metrics,
    epochs: 5,
    precision: 'f32',
    seeds: [1, 2, 3],
    tolerance: 0.02,
  },
  rows: {
    'xse-resnext18': {
      reported: {
        runs: [0.608552],
        curve: {
          train: { loss: [2.075071, 1.866026, 1.684238, 1.572252, 1.41512] },
          valid: {
            loss: [2.031707, 1.904647, 1.71692, 1.536817, 1.39147],
            accuracy: [0.299313, 0.383304, 0.45126, 0.538305, 0.608552],
            'top5-accuracy': [0.806312, 0.858234, 0.900229, 0.921354, 0.949606],
          },
        },
      },
    },
    'xse-resnext18-twist-everywhere': {
      from: 'xse-resnext18',
      change: twistedEverywhere,
      reported: {
        runs: [0.614406],
        curve: {
          train: { loss: [2.032181, 1.870831, 1.744489, 1.605472, 1.455842] },
          valid: {
            loss: [2.068419, 1.754632, 1.819987, 1.622742, 1.395145],
            accuracy: [0.306948, 0.42988, 0.435989, 0.519216, 0.614406],
            'top5-accuracy': [0.807076, 0.89692, 0.890048, 0.91041, 0.945279],
          },
        },
      },
      note: flaw,
    },
    'xse-resnext18-twist': {
      from: 'xse-resnext18',
      change: twisted,
      note: mended + grouped,
    },
    'xse-resnext18-deep': {
      change: { model: deep },
      reported: { mean: 0.697, n: 1 },
      note: unlogged,
    },
    'xse-resnext18-deep-twist-everywhere': {
      from: 'xse-resnext18-deep',
      change: twistedEverywhere,
      reported: { mean: 0.646, n: 1 },
      note: `${unlogged} ${flaw}`,
    },
    'xse-resnext18-deep-twist': {
      from: 'xse-resnext18-deep',
      change: twisted,
      note: mended + grouped,
    },
    'xresnet50-ssa': {
      change: { model: { use: 'xresnet50', slots: { act: 'mish', attention } } },
      reported: { mean: 0.652, n: 1 },
      note: 'The notebook calls this network xse_resnext50, which has 25,616,154 parameters. It counts 23,613,290 parameters, as xresnet50 has, so we train xresnet50. The notebook does not keep the log.',
    },
    'xresnet50-ssa-twist-everywhere': {
      from: 'xresnet50-ssa',
      change: twistedEverywhere,
      note: `In the source, this network did not fit into memory, not even with batches of 16. ${flaw}`,
    },
    'xresnet50-ssa-twist': {
      from: 'xresnet50-ssa',
      change: twisted,
      note: mended,
    },
  },
})
