import bce from '@tricklab/plugin-bce'
import cutmix from '@tricklab/plugin-cutmix'
import mixChoice from '@tricklab/plugin-mix-choice'
import mixup from '@tricklab/plugin-mixup'
import randAugment from '@tricklab/plugin-rand-augment'

/**
 * Procedure A3 of ResNet strikes back, as far as it is tricks: RandAugment, mixup or CutMix, binary cross-entropy.
 *
 * Not in it, for a recipe says them in its own fields: 100 epochs, training at 160 px and validation at 224 with a crop of
 * 0.95, a cosine after five epochs of warm-up, and `lamb` at 0.008 with a weight decay of 0.02 and batches of 2048.
 * @paper arXiv:2110.00476
 * @differs timm has other operations in its RandAugment and a bicubic filter, and mixes with the batch in reverse order
 */
const rsbA3 = {
  plugins: [mixup, cutmix, mixChoice, randAugment, bce],
  augment: [{ use: 'rand-augment', magnitude: 18, deviation: 1.5, chance: 0.5, interpolation: 'bilinear' }],
  callbacks: [
    {
      use: 'mix-choice',
      first: { use: 'mixup', alpha: 0.1, per: 'batch' },
      second: { use: 'cutmix', alpha: 1, per: 'batch' },
    },
  ],
  loss: { use: 'bce', threshold: 0.2 },
} as const

/** Stacks of tricks that a recipe spreads over its fields: each field is a list that may stand inside another, or one component. */
export const presets = { rsbA3 }
