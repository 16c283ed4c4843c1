import type { Loss } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { softmaxCrossEntropy } from '../ops/softmax-cross-entropy.ts'

/**
 * Mean cross-entropy of the batch against soft targets.
 *
 * `loss = −1/N · Σ_n Σ_k targets[n,k] · log softmax(scores[n])_k`
 * @shape `[N, K]`, `[N, K]` → scalar
 */
export function createCrossEntropy(): Loss {
  return { least: 0, apply: (scores, targets) => tf.mean(softmaxCrossEntropy(scores, targets)) as tf.Scalar }
}

export const crossEntropy: Component<'loss', Record<never, never>> = {
  doc: 'The mean softmax cross-entropy against soft targets of one label an image.',
  options: {},
  create: createCrossEntropy,
}
