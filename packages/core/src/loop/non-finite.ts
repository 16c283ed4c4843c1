import type { Batch } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import { listParams } from '../params/index.ts'
import * as tf from '../tf.ts'
import type { Learner } from './learner.ts'
import { shownStep } from './step-of.ts'

/** Finds the first place where numbers stopped being finite, and throws E_LOSS_NAN naming it. */
export async function failNonFinite(learner: Learner, batch: Batch): Promise<never> {
  const { parts, params, hooks } = learner
  const place = await firstNonFinite()
  const { training, epoch } = batch
  const step = shownStep(batch)
  const what = training ? `loss is not finite at step ${step}` : `validation loss is not finite after step ${step}`
  const { learningRate } = learner.hyperOf(batch)
  fail('E_LOSS_NAN', {
    what: `The ${what} (epoch ${epoch + 1}), seed ${parts.seed}: ${place}.`,
    expected: 'finite numbers.',
    received: `NaN or infinity, at learning rate ${learningRate}.`,
    fix: 'lower the learning rate or lengthen its warm-up; the last checkpoint is untouched.',
  })

  async function firstNonFinite(): Promise<string> {
    if (!(await allFinite(batch.images))) return 'the images of the batch hold it already'
    if (!(await allFinite(batch.targets))) return 'the targets of the batch hold it already'
    for (const { path, value } of params) {
      if (!(await allFinite(value))) return `parameter "${path}" holds it`
    }
    let images = batch.images.clone()
    for (const { name, type, block } of parts.model.layers) {
      const rng = parts.rng.scope('forward', batch.step, name)
      // A copy, because a layer that does nothing hands back its input.
      const next = tf.tidy(() => tf.clone(block.apply(images, { training: batch.training, rng })))
      images.dispose()
      images = next
      if (!(await allFinite(images))) {
        images.dispose()
        const own = listParams(block.params).map((param) => param.path)
        return `layer "${name}" (${type}${own.length > 0 ? `: ${own.join(', ')}` : ''}) produced it first`
      }
    }
    images.dispose()
    const callbacks = [...hooks.order('afterPredict'), ...hooks.order('afterLoss')].map(
      (name) => ` or callback "${name}"`,
    )
    return `every layer is finite, so the loss function${callbacks.join('')} produced it`
  }
}

async function allFinite(tensor: tf.Tensor): Promise<boolean> {
  // One number tells: x − x is 0 for finite x and NaN otherwise.
  const sum = tf.tidy(() => tf.sum(tf.sub(tensor, tensor)))
  const [value] = await sum.data()
  sum.dispose()
  return value === 0
}
