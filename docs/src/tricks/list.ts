import type { Plugin } from '@tricklab/core/plugin'
import alternatingFlip from '@tricklab/plugin-alternating-flip'
import augMix from '@tricklab/plugin-aug-mix'
import bce from '@tricklab/plugin-bce'
import blurpool from '@tricklab/plugin-blurpool'
import cbam from '@tricklab/plugin-cbam'
import colOut from '@tricklab/plugin-col-out'
import convnext from '@tricklab/plugin-convnext'
import cosineRestarts from '@tricklab/plugin-cosine-restarts'
import cutmix from '@tricklab/plugin-cutmix'
import depthwiseExpand from '@tricklab/plugin-depthwise-expand'
import diracInit from '@tricklab/plugin-dirac-init'
import dropBlock from '@tricklab/plugin-drop-block'
import earlyStop from '@tricklab/plugin-early-stop'
import eca from '@tricklab/plugin-eca'
import ema from '@tricklab/plugin-ema'
import focal from '@tricklab/plugin-focal'
import gemPool from '@tricklab/plugin-gem-pool'
import ghostBatchNorm from '@tricklab/plugin-ghost-batch-norm'
import gradientClip from '@tricklab/plugin-gradient-clip'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import lamb from '@tricklab/plugin-lamb'
import layerDecay from '@tricklab/plugin-layer-decay'
import lion from '@tricklab/plugin-lion'
import lookahead from '@tricklab/plugin-lookahead'
import mbconv from '@tricklab/plugin-mbconv'
import mish from '@tricklab/plugin-mish'
import mixChoice from '@tricklab/plugin-mix-choice'
import mixup from '@tricklab/plugin-mixup'
import multiSampleDropout from '@tricklab/plugin-multi-sample-dropout'
import permutedGroups from '@tricklab/plugin-permuted-groups'
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
import translate from '@tricklab/plugin-translate'
import trivialAugment from '@tricklab/plugin-trivial-augment'
import tta from '@tricklab/plugin-tta'
import twist from '@tricklab/plugin-twist'
import warmup from '@tricklab/plugin-warmup'
import weightStandardization from '@tricklab/plugin-weight-standardization'
import whitenedStem from '@tricklab/plugin-whitened-stem'

export interface Trick {
  /** Folder below `plugins`, plugin name and page. */
  readonly name: string
  readonly plugin: Plugin
}

/** Every plugin of the repository, by name. */
export const tricks: readonly Trick[] = (
  [
    alternatingFlip,
    augMix,
    bce,
    blurpool,
    cbam,
    colOut,
    convnext,
    cosineRestarts,
    cutmix,
    depthwiseExpand,
    diracInit,
    dropBlock,
    earlyStop,
    eca,
    ema,
    focal,
    gemPool,
    ghostBatchNorm,
    gradientClip,
    labelSmoothing,
    lamb,
    layerDecay,
    lion,
    lookahead,
    mbconv,
    mish,
    mixChoice,
    mixup,
    multiSampleDropout,
    permutedGroups,
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
    translate,
    trivialAugment,
    tta,
    twist,
    warmup,
    weightStandardization,
    whitenedStem,
  ] as readonly Plugin[]
).map((plugin) => ({ name: plugin.name, plugin }))
