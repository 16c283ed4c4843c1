import { fail } from '../errors/index.ts'
import * as tf from '../tf.ts'

/**
 * Targets as wide as the scores. A network may have more outputs than its dataset has classes (the sources train
 * ImageNet's 1000 on ten classes); the others are never right. Takes over `targets`.
 *
 * It happens before the first hook, so that label smoothing spreads over all outputs and no loss needs to know.
 * @shape `[batch, classes]` → `[batch, outputs]`
 * @errors E_SHAPE when the network has fewer outputs than there are classes
 */
export function padTargets(targets: tf.Tensor2D, outputs: number): tf.Tensor2D {
  const [batch, classes] = targets.shape
  if (classes === outputs) return targets
  if (classes > outputs) {
    fail('E_SHAPE', {
      what: 'The model has fewer outputs than the dataset has classes.',
      expected: `scores [${batch}, ${classes}], or wider.`,
      received: `scores [${batch}, ${outputs}].`,
      fix: `give the model at least ${classes} outputs.`,
    })
  }
  const padded = tf.pad(targets, [
    [0, 0],
    [0, outputs - classes],
  ])
  targets.dispose()
  return padded
}
