import type { Strengths } from '@tricklab/data/operations'

/** Equally spaced strengths of every operation, the first of which changes nothing. */
export const levels = 31

/**
 * The wide space of the paper: what every operation is at the highest level.
 * @paper arXiv:2103.10158
 * @differs none from torchvision's `TrivialAugmentWide`
 */
export const strengths: Strengths = { shear: 0.99, translate: [32, 32], rotate: 135, factor: 0.99, bits: [8, 2] }
