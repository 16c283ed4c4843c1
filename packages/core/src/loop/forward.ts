import type { Batch } from '../contracts.ts'
import { atStep, blameOrigin } from '../plugin/origin.ts'
import type * as tf from '../tf.ts'
import type { Learner } from './learner.ts'
import { shownStep } from './step-of.ts'

/** Scores of a batch, as hooks leave them. What the model does wrong gets its plugin's name and the step. */
export function score({ hooks, parts }: Learner, batch: Batch): tf.Tensor2D {
  const { step, training } = batch
  const rng = parts.rng.scope('forward', step)
  const scores = atStep(shownStep(batch), () =>
    blameOrigin(parts.model, 'apply', () => parts.model.apply(batch.images, { training, rng })),
  )
  return hooks.runTaped('afterPredict', { ...batch, scores }).scores
}

/** Loss of scores, as hooks leave it. What the loss does wrong gets its plugin's name and the step. */
export function lossOf({ hooks, parts }: Learner, batch: Batch, scores: tf.Tensor2D): tf.Scalar {
  const loss = blameOrigin(parts.loss, `apply at step ${shownStep(batch)}`, () =>
    parts.loss.apply(scores, batch.targets),
  )
  return hooks.runTaped('afterLoss', { ...batch, scores, loss }).loss
}
