import type { Batch } from '@tricklab/core'
import { type BoundCallback, createHooks, type Hooks } from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import { drawImages } from '../arbitraries/index.ts'
import type { TinyData } from '../fit/source.ts'
import type { FitCase } from './callback-fit.ts'

/** A batch of one-hot targets, as the loop would hand it to `beforeBatch`. */
export function batchOf(
  { imageShape, classes }: TinyData,
  size: number,
  { training, step = 3 }: { training: boolean; step?: number },
): Batch {
  const targets = Array.from({ length: size }, (_, row) =>
    Array.from({ length: classes }, (_, k) => +(k === row % classes)),
  )
  return {
    images: tf.tensor4d(drawImages(step, size, imageShape), [size, ...imageShape]),
    targets: tf.tensor2d(targets, [size, classes]),
    size,
    training,
    epoch: 0,
    index: step,
    step,
  }
}

/** Runs a body between the beginning and the end of a fit, with one callback. */
export async function withHooks<T>(
  { source, epochs }: FitCase,
  callback: BoundCallback,
  body: (hooks: Hooks) => Promise<T>,
): Promise<T> {
  const hooks = createHooks([callback])
  try {
    await hooks.run('beforeFit', {
      epochs,
      stage: undefined,
      firstEpoch: 0,
      firstStep: 0,
      stepsPerEpoch: source.batches('train'),
      passes: 1,
      validSteps: source.batches('valid'),
      startEpoch: 0,
      startStep: 0,
      params: [],
    })
    await hooks.run('beforeEpoch', { epoch: 0, split: 'train', index: 0 })
    return await body(hooks)
  } finally {
    await hooks.cleanup()
  }
}
