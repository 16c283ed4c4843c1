/** What a peer needs to compute the same as our side. */

import { saveWeights } from '@tricklab/core/checkpoint'
import type { SourceBatch } from '@tricklab/core/contracts'
import type * as tf from '@tricklab/core/tf'
import type { ScriptedLoop } from '@tricklab/train'
import type { OursReady } from './messages.ts'

/** Writes the weights as they are now and the batches. */
export async function shareStart(loop: ScriptedLoop, file: string, batches: readonly SourceBatch[]): Promise<void> {
  const weights = loop.learner.params.map(({ path, value }) => [`model/${path}`, value as tf.Tensor] as const)
  const data = batches.flatMap(({ images, targets }, index) => [
    [`batch/${index}/images`, images as tf.Tensor] as const,
    [`batch/${index}/targets`, targets as tf.Tensor] as const,
  ])
  await saveWeights(file, Object.fromEntries([...weights, ...data]), {})
}

/** What a peer's set-up is made from. */
export type Training = Pick<
  OursReady,
  'batchSize' | 'batches' | 'imageShape' | 'classes' | 'parameters' | 'totalSteps' | 'firstLearningRate'
>

/** The training of a loop on batches. */
export function describeTraining(loop: ScriptedLoop, batches: readonly SourceBatch[]): Training {
  return {
    batchSize: batches[0]!.size,
    batches: batches.length,
    imageShape: batches[0]!.images.shape.slice(1),
    classes: loop.learner.parts.source.classes.length,
    parameters: loop.learner.trainable.reduce((sum, { value }) => sum + value.size, 0),
    totalSteps: loop.totalSteps,
    firstLearningRate: loop.learner.parts.schedule.at(0).learningRate,
  }
}
