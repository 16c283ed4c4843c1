import type { BatchSource, Loss, Metric, Model, NamedParam, Optimizer, Schedule, Scores, Split } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { listParams, trainable } from '../params.ts'
import type { Rng } from '../rng/index.ts'
import type * as tf from '../tf.ts'
import type { Hooks } from './hooks.ts'

/** Everything that one fit needs. */
export interface LearnerParts {
  readonly model: Model
  readonly loss: Loss
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly metrics: readonly Metric[]
  readonly source: BatchSource
  readonly epochs: number
  readonly rng: Rng
  readonly seed: number
  /** Asks the loop to stop after the step at hand. */
  readonly signal?: AbortSignal
}

/** Where a fit stands: enough, with the tensors, to go on as if it had never stopped. */
export interface Position {
  epoch: number
  /** Batches that are done: of the training split, or of the validation split once the training half is over. */
  index: number
  /** Training steps done over all epochs. */
  step: number
}

/** State of a learner at a point between two steps. The tensors still belong to the learner. */
export interface Snapshot {
  readonly state: Json
  readonly tensors: { readonly [name: string]: tf.Tensor }
}

/** Scores of one epoch. */
export interface FitResult {
  readonly train: Scores
  readonly valid: Scores
}

interface SavedState {
  readonly position: Position
  readonly trainScores: Scores | null
  readonly result: FitResult | null
  readonly tally: Json
  readonly callbacks: { readonly [name: string]: Json }
}

/** Sums up one split of one epoch: sample-weighted mean loss, and every metric. */
export class Tally {
  private lossSum = 0
  private samples = 0
  private readonly metrics: readonly Metric[]

  constructor(metrics: readonly Metric[]) {
    this.metrics = metrics
  }

  async add(loss: number, size: number, scores: tf.Tensor2D, targets: tf.Tensor2D): Promise<void> {
    this.lossSum += loss * size
    this.samples += size
    for (const metric of this.metrics) await metric.update(scores, targets)
  }

  compute(): Scores {
    const values = this.metrics.map((metric) => [metric.name, metric.compute()] as const)
    return { loss: this.lossSum / this.samples, ...Object.fromEntries(values) }
  }

  reset(): void {
    this.lossSum = 0
    this.samples = 0
    for (const metric of this.metrics) metric.reset()
  }

  state(): Json {
    return { lossSum: this.lossSum, samples: this.samples, metrics: this.metrics.map((metric) => metric.state()) }
  }

  restore(state: Json): void {
    const saved = state as { lossSum: number; samples: number; metrics: Json[] }
    this.lossSum = saved.lossSum
    this.samples = saved.samples
    this.metrics.forEach((metric, index) => {
      metric.restore(saved.metrics[index]!)
    })
  }
}

/** A fit under way: its parts, its position, and the two tallies. */
export class Learner {
  readonly position: Position = { epoch: 0, index: 0, step: 0 }
  readonly params: readonly NamedParam[]
  readonly trainable: readonly NamedParam[]
  readonly tally: Tally
  readonly parts: LearnerParts
  readonly hooks: Hooks
  /** Training scores of the epoch whose validation is still to come. */
  trainScores: Scores | undefined
  /** Scores of the last epoch that is complete. */
  result: FitResult | undefined

  constructor(parts: LearnerParts, hooks: Hooks) {
    this.parts = parts
    this.hooks = hooks
    this.params = listParams(parts.model.params)
    this.trainable = trainable(this.params)
    this.tally = new Tally(parts.metrics)
  }

  batches(split: Split): number {
    return this.parts.source.batches(split)
  }

  /** What a checkpoint holds. Valid between two steps: in `afterBatch` and `afterEpoch`. */
  snapshot(): Snapshot {
    const optimizer = this.parts.optimizer.state()
    return {
      state: {
        position: { ...this.position },
        trainScores: this.trainScores ?? null,
        result: this.result === undefined ? null : { ...this.result },
        tally: this.tally.state(),
        callbacks: this.hooks.state(),
      },
      tensors: {
        ...Object.fromEntries(this.params.map(({ path, value }) => [`model/${path}`, value as tf.Tensor])),
        ...Object.fromEntries(Object.entries(optimizer).map(([name, tensor]) => [`optimizer/${name}`, tensor])),
      },
    }
  }

  /** Takes over a snapshot; the tensors given still belong to the caller. @errors E_CHECKPOINT_MISMATCH */
  restore({ state, tensors }: Snapshot): void {
    this.checkTensors(tensors)
    const saved = state as unknown as SavedState
    Object.assign(this.position, saved.position)
    this.trainScores = saved.trainScores ?? undefined
    this.result = saved.result ?? undefined
    this.tally.restore(saved.tally)
    for (const { path, value } of this.params) value.assign(tensors[`model/${path}`]!)
    const below = Object.entries(tensors).filter(([name]) => name.startsWith('optimizer/'))
    this.parts.optimizer.restore(
      Object.fromEntries(below.map(([name, tensor]) => [name.slice('optimizer/'.length), tensor])),
    )
    this.hooks.restore(saved.callbacks)
  }

  /** @errors E_CHECKPOINT_MISMATCH when a parameter is missing or of another shape */
  private checkTensors(tensors: Snapshot['tensors']): void {
    for (const { path, value } of this.params) {
      const found = tensors[`model/${path}`]
      if (found !== undefined && found.dtype === value.dtype && found.shape.join() === value.shape.join()) continue
      fail('E_CHECKPOINT_MISMATCH', {
        what: `The checkpoint does not fit the parameter "${path}" of the model.`,
        expected: `${value.dtype} [${value.shape}].`,
        received: found === undefined ? 'nothing.' : `${found.dtype} [${found.shape}].`,
        fix: 'run without --resume to start anew; the model has changed since the checkpoint was written.',
      })
    }
  }
}
