import { prepareEngine } from '@tricklab/engine'
import {
  alternatingFlipPicture,
  augMixPicture,
  colOutPicture,
  mixChoicePicture,
  randAugmentPicture,
  randomErasingPicture,
  translatePicture,
  trivialAugmentPicture,
} from './augmentations.ts'
import { convnextPicture, depthwiseExpandPicture, mbconvPicture, poolFirstPicture, sePicture } from './blocks.ts'
import { blurpoolPicture } from './blurpool.ts'
import { cutmixPicture, earlyStopPicture, emaPicture, gradientClipPicture, swaPicture } from './callbacks.ts'
import { dropBlockPicture } from './drop-block.ts'
import {
  cbamPicture,
  diracInitPicture,
  ecaPicture,
  gemPoolPicture,
  ghostBatchNormPicture,
  weightStandardizationPicture,
  whitenedStemPicture,
} from './flows.ts'
import { labelSmoothingPicture } from './label-smoothing.ts'
import { bcePicture, focalPicture, polyPicture } from './losses.ts'
import { mishPicture } from './mish.ts'
import { mixupPicture } from './mixup.ts'
import { multiSampleDropoutPicture } from './multi-sample-dropout.ts'
import { lambPicture, layerDecayPicture, lionPicture, lookaheadPicture, samPicture } from './optimizers.ts'
import { permutedGroupsPicture } from './permuted-groups.ts'
import { progressiveResizePicture } from './progressive-resize.ts'
import { rangerPicture } from './ranger.ts'
import { cosineRestartsPicture, warmupPicture } from './schedules.ts'
import { ssaPicture } from './ssa.ts'
import { stochasticDepthPicture } from './stochastic-depth.ts'
import { ttaPicture } from './tta.ts'
import { twistPicture } from './twist.ts'
import type { Picture } from './types.ts'

const pictures: Readonly<Record<string, () => Picture | Promise<Picture>>> = {
  'alternating-flip': alternatingFlipPicture,
  'aug-mix': augMixPicture,
  bce: bcePicture,
  blurpool: blurpoolPicture,
  cbam: cbamPicture,
  'col-out': colOutPicture,
  convnext: convnextPicture,
  'cosine-restarts': cosineRestartsPicture,
  cutmix: cutmixPicture,
  'depthwise-expand': depthwiseExpandPicture,
  'dirac-init': diracInitPicture,
  'drop-block': dropBlockPicture,
  'early-stop': earlyStopPicture,
  eca: ecaPicture,
  ema: emaPicture,
  'gem-pool': gemPoolPicture,
  'ghost-batch-norm': ghostBatchNormPicture,
  focal: focalPicture,
  'gradient-clip': gradientClipPicture,
  'label-smoothing': labelSmoothingPicture,
  lamb: lambPicture,
  'layer-decay': layerDecayPicture,
  lion: lionPicture,
  lookahead: lookaheadPicture,
  mbconv: mbconvPicture,
  mish: mishPicture,
  'mix-choice': mixChoicePicture,
  mixup: mixupPicture,
  'multi-sample-dropout': multiSampleDropoutPicture,
  'permuted-groups': permutedGroupsPicture,
  poly: polyPicture,
  'pool-first': poolFirstPicture,
  'progressive-resize': progressiveResizePicture,
  'rand-augment': randAugmentPicture,
  'random-erasing': randomErasingPicture,
  ranger: rangerPicture,
  sam: samPicture,
  se: sePicture,
  ssa: ssaPicture,
  'stochastic-depth': stochasticDepthPicture,
  translate: translatePicture,
  'trivial-augment': trivialAugmentPicture,
  swa: swaPicture,
  tta: ttaPicture,
  twist: twistPicture,
  warmup: warmupPicture,
  'weight-standardization': weightStandardizationPicture,
  'whitened-stem': whitenedStemPicture,
}

/** A picture of every trick by its name. The same numbers each time: the plain JavaScript engine computes them. */
export async function drawPictures(): Promise<ReadonlyMap<string, Picture>> {
  await prepareEngine('cpu')
  const drawn = new Map<string, Picture>()
  for (const [name, draw] of Object.entries(pictures)) drawn.set(name, await draw())
  return drawn
}
