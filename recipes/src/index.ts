import type { Table } from '@tricklab/core/recipe'
import fashionmnistResnets from './fashionmnist-resnets.ts'
import fashionmnistSummary from './fashionmnist-summary.ts'
import imagenette128x5 from './imagenette-128-5.ts'
import imagenette224x5 from './imagenette-224-5.ts'
import imagenetteCombined from './imagenette-combined.ts'
import imagenetteEfficientnet from './imagenette-efficientnet.ts'
import imagenetteLabelSmoothing15 from './imagenette-label-smoothing-15.ts'
import imagenetteMixup15 from './imagenette-mixup-15.ts'
import imagenetteProgressive from './imagenette-progressive.ts'
import imagewoof128x5 from './imagewoof-128-5.ts'
import imagewoof128x20 from './imagewoof-128-20.ts'
import imagewoof128x80 from './imagewoof-128-80.ts'
import imagewoof128x200 from './imagewoof-128-200.ts'
import imagewoof192x5 from './imagewoof-192-5.ts'
import imagewoof192x20 from './imagewoof-192-20.ts'
import imagewoof192x80 from './imagewoof-192-80.ts'
import imagewoof224x5 from './imagewoof-224-5.ts'
import imagewoof256x5 from './imagewoof-256-5.ts'
import imagewoof256x20 from './imagewoof-256-20.ts'
import imagewoofEfficientnet from './imagewoof-efficientnet.ts'
import imagewoofEpochTime128 from './imagewoof-epoch-time-128.ts'
import imagewoofEpochTime256 from './imagewoof-epoch-time-256.ts'
import imagewoofEquivalence from './imagewoof-equivalence.ts'
import imagewoofTwistLayer from './imagewoof-twist-layer.ts'
import ssaComplexity from './ssa-complexity.ts'
import tricks64x10 from './tricks-64-10.ts'

export { type DataEffect, dataEffects } from './data-effects.ts'
export { type Headlines, headlines } from './headlines.ts'
export { presets } from './presets.ts'
export { readSource, type Source } from './sources.ts'

/** Every documented table that ships with Tricklab, in the order of the README. */
export const tables: readonly Table[] = [
  fashionmnistResnets,
  fashionmnistSummary,
  imagewoof128x5,
  imagewoof128x20,
  imagewoof128x80,
  imagewoof128x200,
  imagewoof192x5,
  imagewoof192x20,
  imagewoof192x80,
  imagewoof256x5,
  imagewoof256x20,
  imagewoofTwistLayer,
  imagenette128x5,
  imagenette224x5,
  imagenetteProgressive,
  imagenetteMixup15,
  imagenetteLabelSmoothing15,
  imagenetteCombined,
  imagewoof224x5,
  imagenetteEfficientnet,
  imagewoofEfficientnet,
  imagewoofEquivalence,
  tricks64x10,
  ssaComplexity,
  imagewoofEpochTime128,
  imagewoofEpochTime256,
]
