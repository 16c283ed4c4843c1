import type { Batch } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import * as tf from '../tf.ts'

// Rounding of float32 over a thousand classes stays far below, a second label far above.
const slack = 0.01

/**
 * The loss of a batch, and in the first batch of a pass the largest sum of an image's targets: what makes targets makes all
 * of them alike. Both are read at once.
 */
export async function readLoss(
  loss: tf.Scalar,
  { index, targets }: Pick<Batch, 'index' | 'targets'>,
): Promise<{ readonly lossValue: number; readonly targetSum?: number }> {
  if (index !== 0) return { lossValue: (await loss.data())[0]! }
  const both = tf.tidy(() => tf.stack([loss, tf.max(tf.sum(targets, 1))]))
  const [lossValue, targetSum] = await both.data()
  both.dispose()
  return { lossValue: lossValue!, targetSum: targetSum! }
}

/** True where an image is of several classes: its targets are no probabilities. */
export const isMultiLabel = (sum: number | undefined): boolean => sum !== undefined && sum > 1 + slack

/** @errors E_MULTI_LABEL */
export function refuseMultiLabel({ training }: Pick<Batch, 'training'>, sum: number): never {
  return fail('E_MULTI_LABEL', {
    what: `The targets of the first ${training ? 'training' : 'validation'} batch say that an image is of several classes, which neither loss nor metrics take.`,
    expected: 'probabilities that add up to 1 for every image: targets of several classes are not in this edition.',
    received: `a sum of ${Number(sum.toFixed(4))}.`,
    fix: 'give every image one label, or let the callback that changes targets share one among the classes.',
  })
}
