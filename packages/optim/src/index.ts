import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { adam } from './adam.ts'
import { adamw } from './adamw.ts'
import { constant } from './constant.ts'
import { exponential } from './exponential.ts'
import { fitOneCycle } from './fit-one-cycle.ts'
import { flatCosine } from './flat-cosine.ts'
import { oneCycle } from './one-cycle.ts'
import { rmsprop } from './rmsprop.ts'
import { sgd } from './sgd.ts'

export { createAdamw } from './adamw.ts'
export { createConstantSchedule } from './constant.ts'
export { cosine } from './cosine.ts'
export { decayOf } from './decay.ts'
export { createExponential } from './exponential.ts'
export { type FineTuneOptions, type FineTuneStage, fineTune } from './fine-tune.ts'
export { createFitOneCycle } from './fit-one-cycle.ts'
export { createFlatCosine } from './flat-cosine.ts'
export { createMoments, type Moments } from './moments.ts'
export { createOneCycle } from './one-cycle.ts'
export { createRmsprop } from './rmsprop.ts'
export { createSgd } from './sgd.ts'

/** Optimizers and learning-rate schedules that every recipe may count on. */
export const optim = definePlugin({
  name: 'optim',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) => [
    on.optimizer('adam', adam),
    on.optimizer('adamw', adamw),
    on.optimizer('rmsprop', rmsprop),
    on.optimizer('sgd', sgd),
    on.schedule('constant', constant),
    on.schedule('exponential', exponential),
    on.schedule('fit-one-cycle', fitOneCycle),
    on.schedule('flat-cosine', flatCosine),
    on.schedule('one-cycle', oneCycle),
  ],
})
