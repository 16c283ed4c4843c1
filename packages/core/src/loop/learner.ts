import type {
  Batch,
  BatchSource,
  Hyperparameters,
  Loss,
  Metric,
  Model,
  NamedParam,
  NamedTensors,
  Optimizer,
  Schedule,
  Scores,
  Split,
} from '../contracts.ts'
import { fail } from '../errors/index.ts'
import type { Json } from '../json.ts'
import { byRate } from '../params/by-rate.ts'
import { listParams, trainable } from '../params/index.ts'
import { groupParams, isInGroup, type ScheduledGroup } from '../params/param-groups.ts'
import { blameOrigin } from '../plugin/origin.ts'
import type { Rng } from '../rng/index.ts'
import type * as tf from '../tf.ts'
import { below } from './below.ts'
import { checkSnapshot } from './check-snapshot.ts'
import { EvaluationWeights } from './evaluation-weights.ts'
import { GradientGroup } from './gradient-group.ts'
import type { Hooks } from './hooks.ts'
import { SmoothLoss, type SmoothLossState } from './smooth-loss.ts'

/**
 * Where a fit begins in a training of several stages. Epochs and steps count on over the stages, so that nothing drawn
 * in one is drawn again in the next; schedule and optimizer begin anew.
 */
export interface FitStart {
  /** Which stage it is, from 0. */
  readonly stage: number
  /** Epochs and training steps of the stages before. */
  readonly epoch: number
  readonly step: number
}

/** Everything that one fit needs. */
export interface LearnerParts {
  readonly model: Model
  readonly loss: Loss
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  /** What the optimizer's weight decay is multiplied by: its learning rate. Absent: 1. */
  readonly decaySchedule?: Schedule
  readonly metrics: readonly Metric[]
  readonly source: BatchSource
  /** Epochs of this fit. */
  readonly epochs: number
  /** Training batches whose gradients make one update. Default 1. */
  readonly accumulate?: number
  /** Parameters that are trained in another way than the others. */
  readonly groups?: readonly ScheduledGroup<Schedule>[]
  /** For one stage of a longer training. */
  readonly start?: FitStart
  readonly rng: Rng
  readonly seed: number
  /** Asks the loop to stop after the step at hand. */
  readonly signal?: AbortSignal
}

/** Where a fit stands: enough, with the tensors, to go on as if it had never stopped. */
export interface Position {
  /** Counts over all stages, as `step` does. */
  epoch: number
  /** Batches that are done: of the training split, or of the validation split once the training half is over. */
  index: number
  /** Training steps done over all epochs. */
  step: number
}

/** State of a learner at a point between two steps. The tensors still belong to the learner. */
export interface Snapshot {
  readonly state: Json
  readonly tensors: NamedTensors
}

/** Scores of one epoch. */
export interface EpochScores {
  readonly train: Scores
  readonly valid: Scores
}

/** What a fit ends with. */
export interface FitResult extends EpochScores {
  /** Why a callback ended the training, under its name: `early-stop: the reason`. Absent: it went to its planned end. */
  readonly stopped?: string
  /** The callback that declared the weights that were scored, and that the model is left with. Absent: the trained ones. */
  readonly weightsOf?: string
}

interface SavedState {
  readonly stage: number
  /** Where the stage begins; absent in checkpoints from before a stage could end early. */
  readonly start?: FitStart
  /** Absent: no callback ended the training. */
  readonly stopped?: string
  readonly position: Position
  readonly smoothLoss: SmoothLossState
  /** Paths of the parameters that the optimizer has updated; absent in older checkpoints. */
  readonly updated?: readonly string[]
  /** Samples whose gradients wait for the update of their group. */
  readonly gathered: number
  readonly trainScores: Scores | null
  readonly result: EpochScores | null
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
    for (const metric of this.metrics) {
      await blameOrigin(metric, 'update', () => metric.update(scores, targets))
    }
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

/** The stage that a snapshot was taken in, from 0. */
export const stageOf = ({ state }: Snapshot): number => (state as Json & SavedState).stage

/** Where the stage of a snapshot begins; undefined where a checkpoint does not say: where it was planned to. */
export const startOf = ({ state }: Snapshot): FitStart | undefined => (state as Json & SavedState).start

/** A fit under way: its parts, its position, and what it has gathered so far. */
export class Learner {
  readonly position: Position
  readonly params: readonly NamedParam[]
  readonly trainable: readonly NamedParam[]
  /** By path, for parameters in a group. */
  private readonly groupOf: ReadonlyMap<string, ScheduledGroup<Schedule>>
  readonly tally: Tally
  readonly smoothLoss = new SmoothLoss()
  readonly group = new GradientGroup()
  /** Paths of the parameters that the optimizer has updated in this fit. */
  readonly updated = new Set<string>()
  readonly evaluation: EvaluationWeights
  readonly parts: LearnerParts
  readonly hooks: Hooks
  /** The optimizer as it is stepped. */
  readonly optimizer: Optimizer
  readonly start: FitStart
  /** Epochs when this fit is over, those of the stages before included. */
  readonly lastEpoch: number
  /** Training scores of the epoch whose validation is still to come. */
  trainScores: Scores | undefined
  /** Scores of the last epoch that is complete. */
  scores: EpochScores | undefined

  constructor(parts: LearnerParts, hooks: Hooks) {
    this.parts = parts
    this.hooks = hooks
    this.optimizer = byRate(parts.optimizer)
    const { groups = [] } = parts
    this.params = groupParams(listParams(parts.model.params), groups)
    this.groupOf = new Map(
      groups.flatMap((group) =>
        this.params.filter((param) => isInGroup(group, param)).map(({ path }) => [path, group]),
      ),
    )
    this.trainable = trainable(this.params)
    this.evaluation = new EvaluationWeights(this.params, hooks)
    this.tally = new Tally(parts.metrics)
    this.start = parts.start ?? { stage: 0, epoch: 0, step: 0 }
    this.lastEpoch = this.start.epoch + parts.epochs
    this.position = { epoch: this.start.epoch, index: 0, step: this.start.step }
    if ((parts.optimizer.passes ?? 1) > 1 && this.accumulate > 1) {
      fail('E_RECIPE', {
        what: 'The optimizer asks for gradients again, which a group of batches does not have: they are gone by then.',
        expected: 'accumulate 1, with this optimizer.',
        received: `accumulate ${this.accumulate}.`,
        fix: 'leave `accumulate` out and choose a larger `batchSize`, or choose another optimizer.',
      })
    }
  }

  /** What the fit has come to, once an epoch is complete. */
  get result(): FitResult | undefined {
    const { stopped, evaluation } = this.hooks
    return (
      this.scores && {
        ...this.scores,
        ...(stopped === undefined ? {} : { stopped }),
        ...(evaluation === undefined ? {} : { weightsOf: evaluation.name }),
      }
    )
  }

  /** Whether nothing is left to do: the epochs are over, or a callback ended the training and its epoch is complete. */
  get isOver(): boolean {
    const { epoch, index } = this.position
    const between = index === 0 && this.trainScores === undefined
    return epoch >= this.lastEpoch || (between && this.hooks.stopped !== undefined)
  }

  /**
   * Gives up what waits for the update of its group, where a callback ends the training within it.
   * @errors E_HOOK_RETURN when that was the first batch: nothing would have been trained
   */
  endEarly(): void {
    this.group.dispose()
    if (this.position.step > this.start.step + 1) return
    fail('E_HOOK_RETURN', {
      what: `A callback stops the training at its first batch. It says: "${this.hooks.stopped}".`,
      expected: 'a stop after the second batch at the earliest.',
      fix: 'let it wait longer, or leave the callback out of the recipe.',
    })
  }

  batches(split: Split): number {
    return this.parts.source.batches(split)
  }

  /** Updates of the weights in an epoch: one a group of batches, the last of which may be smaller. */
  get updatesPerEpoch(): number {
    return Math.ceil(this.batches('train') / this.accumulate)
  }

  /** Updates of this fit before the one that a training batch is part of: the schedule's step. */
  updateOf({ epoch, index }: Pick<Batch, 'epoch' | 'index'>): number {
    return (epoch - this.start.epoch) * this.updatesPerEpoch + Math.floor(index / this.accumulate)
  }

  /** Whether a training batch is the last of its group. A group ends with its epoch. */
  endsGroup(index: number): boolean {
    return (index + 1) % this.accumulate === 0 || index + 1 === this.batches('train')
  }

  /** What the schedule says for a training batch; for validation, what it said last. */
  hyperOf(batch: Pick<Batch, 'epoch' | 'index' | 'training'>): Hyperparameters {
    const { epoch } = batch
    const update = batch.training ? this.updateOf(batch) : this.updateOf({ epoch: epoch + 1, index: 0 }) - 1
    return this.parts.schedule.at(update)
  }

  /** Parameters as the optimizer gets them for a batch: the factors of rate and decay as their schedules have them. */
  scheduled(params: readonly NamedParam[], batch: Pick<Batch, 'epoch' | 'index'>): readonly NamedParam[] {
    const update = this.updateOf(batch)
    const factorAt = (schedule: Schedule | undefined) => schedule?.at(update).learningRate
    const decayOfAll = factorAt(this.parts.decaySchedule)
    return params.map((param) => {
      const group = this.groupOf.get(param.path)
      const rate = factorAt(group?.schedule)
      const decay = factorAt(group?.decaySchedule)
      return {
        ...param,
        ...(rate === undefined ? {} : { learningRate: rate }),
        ...((decay ?? decayOfAll) === undefined
          ? {}
          : { weightDecay: (decay ?? param.weightDecay ?? 1) * (decayOfAll ?? 1) }),
      }
    })
  }

  private hasUpdated({ position, trainScores }: SavedState): boolean {
    const { epoch, index } = position
    return epoch > this.start.epoch || trainScores !== null || index >= this.accumulate
  }

  private get accumulate(): number {
    return this.parts.accumulate ?? 1
  }

  /** What a checkpoint holds. Valid between two steps: in `afterBatch` and `afterEpoch`. */
  snapshot(): Snapshot {
    const optimizer = this.parts.optimizer.state()
    return {
      state: {
        stage: this.start.stage,
        start: { ...this.start },
        ...(this.hooks.stopped === undefined ? {} : { stopped: this.hooks.stopped }),
        position: { ...this.position },
        trainScores: this.trainScores ?? null,
        result: this.scores === undefined ? null : { ...this.scores },
        tally: this.tally.state(),
        smoothLoss: { ...this.smoothLoss.state() },
        gathered: this.group.size,
        updated: [...this.updated],
        callbacks: this.hooks.state(),
      },
      tensors: {
        ...Object.fromEntries(this.params.map((param) => [`model/${param.path}`, this.evaluation.trainedValue(param)])),
        ...prefixed('optimizer/', optimizer),
        ...prefixed('gradient/', this.group.tensors()),
        ...prefixed('callback/', this.hooks.tensors()),
      },
    }
  }

  /** Takes over a snapshot; the tensors given still belong to the caller. @errors E_CHECKPOINT_MISMATCH */
  async restore({ state, tensors }: Snapshot): Promise<void> {
    const saved = state as Json & SavedState
    // Checkpoints of before this was written down: every parameter, once there was an update.
    const updated = saved.updated ?? (this.hasUpdated(saved) ? this.trainable.map(({ path }) => path) : [])
    await checkSnapshot(tensors, {
      params: this.params,
      updated: this.trainable.filter(({ path }) => updated.includes(path)),
      optimizer: this.parts.optimizer,
      schedule: this.parts.schedule,
      gathered: saved.gathered > 0,
    })
    for (const path of updated) this.updated.add(path)
    Object.assign(this.position, saved.position)
    this.trainScores = saved.trainScores ?? undefined
    this.scores = saved.result ?? undefined
    this.tally.restore(saved.tally)
    this.smoothLoss.restore(saved.smoothLoss)
    for (const { path, value } of this.params) value.assign(tensors[`model/${path}`]!)
    this.parts.optimizer.restore(below('optimizer/', tensors))
    this.group.restore(below('gradient/', tensors), saved.gathered)
    this.hooks.restore(saved.callbacks, below('callback/', tensors), saved.stopped)
  }

  /** Gives up the optimizer's state and what was gathered. Model and source may serve another fit: they stay. */
  dispose(): void {
    this.parts.optimizer.dispose()
    this.group.dispose()
  }
}

const prefixed = (prefix: string, tensors: NamedTensors): NamedTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, tensor]))
