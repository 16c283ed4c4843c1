import { prepareEngine } from '@tricklab/engine'
import { depthwiseExpandPicture, mbconvPicture, poolFirstPicture, sePicture } from './blocks.ts'
import { blurpoolPicture } from './blurpool.ts'
import { labelSmoothingPicture } from './label-smoothing.ts'
import { mishPicture } from './mish.ts'
import { mixupPicture } from './mixup.ts'
import { multiSampleDropoutPicture } from './multi-sample-dropout.ts'
import { permutedGroupsPicture } from './permuted-groups.ts'
import { progressiveResizePicture } from './progressive-resize.ts'
import { rangerPicture } from './ranger.ts'
import { ssaPicture } from './ssa.ts'
import { ttaPicture } from './tta.ts'
import { twistPicture } from './twist.ts'
import type { Picture } from './types.ts'

const pictures: Readonly<Record<string, () => Picture | Promise<Picture>>> = {
  blurpool: blurpoolPicture,
  'depthwise-expand': depthwiseExpandPicture,
  'label-smoothing': labelSmoothingPicture,
  mbconv: mbconvPicture,
  mish: mishPicture,
  mixup: mixupPicture,
  'multi-sample-dropout': multiSampleDropoutPicture,
  'permuted-groups': permutedGroupsPicture,
  'pool-first': poolFirstPicture,
  'progressive-resize': progressiveResizePicture,
  ranger: rangerPicture,
  se: sePicture,
  ssa: ssaPicture,
  tta: ttaPicture,
  twist: twistPicture,
}

/** A picture of every trick by its name. The same numbers each time: the plain JavaScript engine computes them. */
export async function drawPictures(): Promise<ReadonlyMap<string, Picture>> {
  await prepareEngine('cpu')
  const drawn = new Map<string, Picture>()
  for (const [name, draw] of Object.entries(pictures)) drawn.set(name, await draw())
  return drawn
}
