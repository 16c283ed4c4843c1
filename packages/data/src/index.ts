import { definePlugin } from '@tricklab/core'
import { openFashionMnist } from './fashion-mnist/open.ts'
import { createSynthetic, syntheticOptions } from './synthetic/dataset.ts'

export type { Normalization } from './batches/normalization.ts'
export { type BatchSourceOptions, createBatchSource, type NormalizedBatchSource } from './batches/source.ts'

/** The datasets `fashion-mnist` and `synthetic`. */
export const data = definePlugin({
  name: 'data',
  core: '^0.1.0',
  register: (on) => [
    on.dataset('fashion-mnist', {
      doc: 'FashionMNIST: 60,000 training and 10,000 validation images of clothes, 28 × 28, grey, 10 classes.',
      options: {},
      create: (_options, context) => openFashionMnist(context),
    }),
    on.dataset('synthetic', {
      doc: 'Images drawn from a seed: one smooth pattern a class plus noise. For tests and first steps.',
      options: syntheticOptions,
      create: (options) => createSynthetic(options),
    }),
  ],
})
