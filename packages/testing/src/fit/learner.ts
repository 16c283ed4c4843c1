import { createRng, type Schedule } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import { type BoundCallback, createHooks, Learner } from '@tricklab/core/loop'
import { createTinyModel } from './model.ts'
import { createTinyMetric, createTinyOptimizer, tinyLoss } from './parts.ts'

export interface TinyFit {
  readonly source: BatchSource
  readonly epochs: number
  readonly seed: number
  readonly callbacks: readonly BoundCallback[]
  readonly signal?: AbortSignal
}

/** A fit that takes well under a second: small images, a small model, momentum, a falling learning rate. */
export function createTinyLearner({ source, epochs, seed, callbacks, signal }: TinyFit): Learner {
  const rng = createRng(seed)
  const totalSteps = source.batches('train') * epochs
  const schedule: Schedule = { at: (step) => ({ learningRate: 0.05 * (1 - step / totalSteps) }) }
  const parts = {
    model: createTinyModel(source.imageShape, source.classes.length, rng.scope('init')),
    loss: tinyLoss,
    optimizer: createTinyOptimizer(),
    schedule,
    metrics: [createTinyMetric()],
    source,
    epochs,
    rng,
    seed,
    ...(signal === undefined ? {} : { signal }),
  }
  return new Learner(parts, createHooks(callbacks))
}

export function disposeLearner(learner: Learner): void {
  learner.dispose()
  learner.parts.model.dispose()
}
