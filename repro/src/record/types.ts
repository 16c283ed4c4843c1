/**
 * The files of a record. A record is the folder of one run of one row:
 * `manifest.json` (this is what ran, on what), `seed-N.jsonl` (what happened, a line a step), `seed-N.safetensors`
 * (final weights), `checkpoint-N.safetensors` while a seed is unfinished, `report.html`.
 */
import type { Json } from '@tricklab/core'
import type { Scores } from '@tricklab/core/contracts'
import type { MetricTraits } from '@tricklab/core/recipe'
import type { Limits } from '@tricklab/train'
import type { Seal } from './seal.ts'

export const recordSchema = 1

/** Documented values of a row. */
export interface Reported {
  /** Metric that the verdict is about. */
  readonly metric: string
  /** One value a run, where the source lists them. */
  readonly runs?: readonly number[]
  /** Where the source gives only summary numbers. Left out `n` is taken as 1: the least that the source can mean. */
  readonly mean?: number
  /** Sample standard deviation (divisor n − 1); sources that print `np.std` must be converted. */
  readonly sd?: number
  readonly n?: number
  /** What the public leaderboard said at the time: cited, never compared. */
  readonly leaderboard?: number
  /** Documented curve: values after each epoch, by split and metric; null where the source gives none. */
  readonly curve?: { readonly [split in 'train' | 'valid']?: { readonly [metric: string]: readonly (number | null)[] } }
}

export type SeedStatus = 'running' | 'stopped' | 'failed' | 'done'

/** What a training ran on, and when. */
export interface RunOrigin {
  readonly engine: {
    readonly name: string
    readonly version: string
    readonly device: string
    readonly threads: number
    readonly precision: string
    readonly details: string
  }
  readonly environment: {
    readonly node: string
    readonly tfjs: string
    readonly os: string
    readonly cpu: string
    readonly cores: number
    readonly memoryGiB: number
    /** Commit of the sources, null outside a git checkout and where git does not tell it. */
    readonly commit: string | null
    /** SHA-256 of uncommitted changes, null when there are none; `unknown` where git does not tell them. */
    readonly dirty: string | null
    readonly lockfile: string | null
    readonly plugins: { readonly [name: string]: string }
  }
  readonly started: string
  readonly ended: string | null
}

/** Where a seed was trained, as the process that trained it says. */
export interface SeedOrigin {
  /** Name of the machine. */
  readonly host: string
  readonly cpu: string
  readonly engine: string
  readonly version: string
  readonly precision: string
  readonly threads: number
  /** Commit of the sources, null outside a git checkout. */
  readonly commit: string | null
}

/** Seeds of a record that ran apart from the others: at another time, on another machine. */
export interface JoinedRun extends RunOrigin {
  readonly seeds: readonly number[]
}

/** Where seeds of a run went on in another environment than they began in: engine version, commit, machine. */
export interface ResumedRun extends Pick<RunOrigin, 'engine' | 'environment' | 'started'> {
  readonly seeds: readonly number[]
}

export interface Manifest extends RunOrigin {
  readonly schema: typeof recordSchema
  readonly table: string
  readonly title: string
  readonly source: string
  readonly row: string
  /** SHA-256 of the canonical JSON of `recipe`. */
  readonly recipeHash: string
  /** The normalised row: every default filled in. */
  readonly recipe: Json
  /** Direction and format of every score, the loss last; absent from records before it was recorded. */
  readonly metrics?: readonly MetricTraits[]
  readonly reported: Reported | null
  readonly tolerance: number | null
  /** The recipe's remark on this row: what the source leaves open, what is known to differ. */
  readonly note?: string
  readonly partial: Limits | null
  readonly seeds: readonly number[]
  readonly dataset: {
    readonly name: string
    readonly digest: string
    readonly train: number
    readonly valid: number
    /** How many; absent from records before it was recorded. */
    readonly classes?: number
    /** What the dataset says of itself, such as that it is a re-encoded copy. */
    readonly note?: string
  }
  /** Resolved hook order, `event: callback, callback`; of a row with stages `2/event: …` for the second. */
  readonly hooks: { readonly [event: string]: readonly string[] }
  /** Runs that were joined with this one when they were accepted; the origin above is that of all other seeds. */
  readonly joined?: readonly JoinedRun[]
  /** Resumptions in another environment than the one above, the first one first. */
  readonly resumed?: readonly ResumedRun[]
  readonly status: { readonly [seed: string]: SeedStatus }
  /** Of accepted records, and only there: hashes of their files as they were accepted. */
  readonly seal?: Seal
}

/**
 * One line of `seed-N.jsonl`. The keys are a closed list; readers refuse others.
 *
 * `seconds` of a step is the time since the batch before it; of an epoch, since it began or was resumed; of the end,
 * the sum of all, pauses excluded. Resuming cuts the file back to the checkpoint, so every step stands in it once.
 */
export type LogLine =
  | {
      readonly event: 'start'
      readonly seed: number
      readonly time: string
      /** Absent from older logs. */
      readonly origin?: SeedOrigin
    }
  | {
      readonly event: 'resume'
      readonly step: number
      readonly time: string
      /** Absent from older logs. */
      readonly origin?: SeedOrigin
    }
  | {
      readonly event: 'step'
      /** Of a training in stages, and only there; counts from 0. Epochs and steps count on over the stages. */
      readonly stage?: number
      readonly epoch: number
      /** Training steps done, this one included. */
      readonly step: number
      readonly size: number
      readonly loss: number
      readonly learningRate: number
      readonly momentum?: number
      readonly seconds: number
    }
  | {
      readonly event: 'epoch'
      readonly stage?: number
      /** Counts from 0. */
      readonly epoch: number
      readonly step: number
      /** `loss` is the mean over all samples, `smoothLoss` the running mean over the last steps: what fastai prints. */
      readonly train: Scores
      readonly valid: Scores
      readonly seconds: number
      /** Seconds of these that training waited for batches; absent in older logs. */
      readonly waited?: number
    }
  | {
      /** Where a callback ended the training, or its stage: the last epoch that it has, and why. */
      readonly event: 'stop'
      readonly stage?: number
      readonly epoch: number
      readonly step: number
      /** The callback and its reason: `early-stop: loss has not been better …`. */
      readonly reason: string
    }
  | {
      /** Of a row with a predictor, and only there: what it makes of the validation split after the last epoch. */
      readonly event: 'predict'
      /** Name of the predictor. */
      readonly predictor: string
      readonly result: Scores
      readonly seconds: number
    }
  | {
      readonly event: 'end'
      readonly step: number
      readonly time: string
      readonly seconds: number
      /** Validation scores of the last epoch, or those of the predictor where the row has one. */
      readonly result: Scores
      readonly peakMemoryMiB: number
      /** The callback whose weights were scored and saved, in the place of those that were trained. */
      readonly weightsOf?: string
      /** SHA-256 of all final weights: equal hashes mean bit-identical models. */
      readonly weights: string
    }

export const logKeys: { readonly [E in LogLine['event']]: readonly string[] } = {
  start: ['event', 'seed', 'time', 'origin'],
  resume: ['event', 'step', 'time', 'origin'],
  step: ['event', 'stage', 'epoch', 'step', 'size', 'loss', 'learningRate', 'momentum', 'seconds'],
  epoch: ['event', 'stage', 'epoch', 'step', 'train', 'valid', 'seconds', 'waited'],
  stop: ['event', 'stage', 'epoch', 'step', 'reason'],
  predict: ['event', 'predictor', 'result', 'seconds'],
  end: ['event', 'step', 'time', 'seconds', 'result', 'peakMemoryMiB', 'weightsOf', 'weights'],
}

export type Verdict = 'reproduced' | 'exceeds' | 'falls-short' | 'inconclusive' | 'partial' | 'measured'
