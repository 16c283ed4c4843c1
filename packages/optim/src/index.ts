import { definePlugin } from '@tricklab/core'
import { adamw } from './adamw.ts'
import { constant } from './constant.ts'
import { oneCycle } from './one-cycle.ts'
import { sgd } from './sgd.ts'

export { createAdamw } from './adamw.ts'
export { createConstantSchedule } from './constant.ts'
export { createMoments, type Moments } from './moments.ts'
export { createOneCycle } from './one-cycle.ts'
export { createSgd } from './sgd.ts'

/** Optimizers and learning-rate schedules that every recipe may count on. */
export const optim = definePlugin({
  name: 'optim',
  core: '^0.1.0',
  register: (on) => [
    on.optimizer('adamw', adamw),
    on.optimizer('sgd', sgd),
    on.schedule('constant', constant),
    on.schedule('one-cycle', oneCycle),
  ],
})
