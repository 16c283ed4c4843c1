import { createRng, listParams, type Model } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/**
 * Numbers that TensorFlow.js keeps of one image between the forward and the backward pass of a model: every tensor once,
 * without weights and statistics of batches. The sum that makes a scalar of the scores keeps the scores as well.
 */
export function savedForBackward(model: Model): number {
  const saved = new Map<object, number>()
  const engine = tf.engine() as unknown as { saveTensorsForBackwardMode(tensors: tf.Tensor[]): tf.Tensor[] }
  const original = engine.saveTensorsForBackwardMode
  engine.saveTensorsForBackwardMode = (tensors) => {
    for (const { dataId, size, shape } of tensors) if (shape[0] === 1) saved.set(dataId, size)
    return original.call(engine, tensors)
  }
  try {
    tf.tidy(() => {
      const images = tf.ones([1, ...model.inputShape]) as tf.Tensor4D
      tf.variableGrads(() => tf.sum(model.apply(images, { training: true, rng: createRng(1) })))
    })
  } finally {
    engine.saveTensorsForBackwardMode = original
  }
  for (const { value } of listParams(model.params)) saved.delete(value.dataId)
  return [...saved.values()].reduce((sum, size) => sum + size, 0)
}
