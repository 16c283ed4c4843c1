import type { Track } from '@tricklab/core/recipe'

/**
 * What the public leaderboard of Imagenette and Imagewoof forbids: several views of a validation image, and validation images
 * larger than those of the training.
 */
export const leaderboard: Track = { name: 'leaderboard', forbids: ['several-views', 'larger-validation'] }
