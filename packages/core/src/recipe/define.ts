import type { Shape } from '../contracts.ts'
import type { OptionInput } from '../options.ts'
import type { ParamGroup } from '../param-groups.ts'
import type { AnyRegistration, Kind, Plugin, Registration, Use } from '../plugin/define.ts'
import type { Slot, SlotDeclarations, SlotKind } from '../plugin/slots.ts'
import type { MeasurementTable } from './measurement.ts'
import type { StartWeights } from './weights.ts'

/** Where pixel statistics come from. Pixels are in [0, 1] before it. */
export type Normalize =
  | { readonly kind: 'none' }
  /** One mean and standard deviation for all channels, from this many training images drawn by the seed. */
  | { readonly kind: 'sample-scalar'; readonly images: number }
  /** Given values, one a channel. */
  | { readonly kind: 'fixed'; readonly mean: readonly number[]; readonly std: readonly number[] }
  /** Mean .485 .456 .406 and standard deviation .229 .224 .225 of red, green and blue. */
  | { readonly kind: 'imagenet' }

/** Documented values of a row: every run where the source lists them, else the summary. */
export interface ReportedValues {
  /** Metric that the verdict is about. Default `accuracy`. */
  readonly metric?: string
  readonly runs?: readonly number[]
  readonly mean?: number
  readonly sd?: number
  readonly n?: number
  /** What the public leaderboard said when the source was written: cited, never compared. In units of the metric. */
  readonly leaderboard?: number
  /** Values after each epoch, as far as the source gives them. */
  readonly curve?: {
    readonly [split in 'train' | 'valid']?: { readonly [metric: string]: readonly (number | null)[] }
  }
}

interface DataSpec<R extends AnyRegistration> {
  readonly dataset: Use<R, 'dataset'>
  /** Datasets of photos: the region that training sees, and what happens to whole batches of them. */
  readonly train?: { readonly crop: Use<R, 'crop'>; readonly augment?: readonly Use<R, 'augmentation'>[] }
  /** Datasets of photos: the region that validation sees. */
  readonly valid?: { readonly crop: Use<R, 'crop'> }
  readonly normalize: Normalize
  /** A new order each epoch, keyed by seed and epoch. */
  readonly shuffle: boolean
  /** Leave out a last training batch that is not full. */
  readonly dropLast: boolean
  /**
   * `fresh-random` draws the validation images for every seed, and anew for a stage with other data than the one before,
   * out of all images of the dataset: what fastai does where a source names no splitter. A later stage then validates
   * with images that an earlier one has trained on. Default `official`, the dataset's own.
   */
  readonly split?: 'official' | 'fresh-random'
  /** Share of the images that a random split validates with. Default 0.2, and only with `fresh-random`. */
  readonly validFraction?: number
}

type LongUse<R extends AnyRegistration, K extends Kind> = Exclude<Use<R, K>, string>

/** One thing in a slot: a name or `{ use, where, …options }`. */
type OneSlotUse<R extends AnyRegistration, D extends Slot> =
  | Use<R, D['kind']>
  | (D extends { places: readonly (infer P)[] } ? LongUse<R, D['kind']> & { readonly where?: P } : never)

/** What a recipe may put into a slot: one thing, a list where it takes many; null empties one that may be empty. */
type SlotUse<R extends AnyRegistration, D> = D extends Slot
  ?
      | OneSlotUse<R, D>
      | (D extends { many: true } ? readonly OneSlotUse<R, D>[] : never)
      | (D extends { default: null } ? null : never)
  : Use<R, 'block'>

type AnyOneSlotUse<R extends AnyRegistration> =
  | Use<R, SlotKind>
  | (LongUse<R, 'block'> & { readonly where?: string })
  | (LongUse<R, 'activation'> & { readonly where?: string })
type AnySlotUse<R extends AnyRegistration> = AnyOneSlotUse<R> | readonly AnyOneSlotUse<R>[] | null

/** Slots of a model whose declaration the types know; any slots where they do not. */
type Slots<R extends AnyRegistration, L extends SlotDeclarations> = [keyof L] extends [never]
  ? never
  : string extends keyof L
    ? { readonly [slot: string]: AnySlotUse<R> }
    : { readonly [K in keyof L]?: SlotUse<R, L[K]> }

type LongModel<R extends AnyRegistration, M = R> =
  M extends Registration<'model', infer N, infer S, infer L>
    ? { readonly use: N } & OptionInput<S> & { readonly slots?: Slots<R, L> }
    : never
type ModelSpec<R extends AnyRegistration> = Extract<Use<R, 'model'>, string> | LongModel<R>

type Role = NonNullable<ParamGroup['role']>[number]

/** A group of parameters: see `ParamGroup`. */
export interface ParamGroupSpec extends Omit<ParamGroup, 'role' | 'freeze'> {
  readonly role?: Role | readonly Role[]
  readonly freeze?: boolean
}

/** A complete configuration. */
export interface RecipeSpec<R extends AnyRegistration> {
  readonly data: DataSpec<R>
  readonly model: ModelSpec<R>
  /**
   * The weights that the training begins with, instead of those that the seed draws. Every tensor of the file and of the
   * model must have its counterpart, but those that `except` names.
   */
  readonly weights?: StartWeights
  /**
   * Parameters that are trained in another way than the others: factors of the schedule's learning rate and of the
   * optimizer's weight decay, or none of it. A parameter may be in one group at most.
   */
  readonly params?: readonly ParamGroupSpec[]
  readonly loss: Use<R, 'loss'>
  readonly optimizer: Use<R, 'optimizer'>
  readonly schedule: Use<R, 'schedule'>
  readonly metrics: readonly Use<R, 'metric'>[]
  readonly callbacks?: readonly Use<R, 'callback'>[]
  /** Left out only where every row has stages: each stage has its own. */
  readonly epochs?: number
  readonly batchSize: number
  /**
   * Training batches whose gradients make one update: their mean over all samples. A group ends with its epoch, so the
   * last may be smaller. Optimizer and schedule count updates. Default 1.
   */
  readonly accumulate?: number
  /**
   * Operands of convolutions and matrix products; sums and weights are float32. `bf16` is what a source's mixed
   * precision (`fp16`) becomes here; an engine or processor without it computes in f32, and the record says so.
   * Default `f32`.
   */
  readonly precision?: 'f32' | 'bf16'
  /**
   * Scores the validation split once more after the last epoch, from several views of every sample: the row's result is
   * then what comes of it.
   */
  readonly predictor?: Use<R, 'predictor'>
}

/** What a row changes of the base or of the row it comes from: objects merge, a new `use` drops the old one's options. */
export interface RecipeChange<R extends AnyRegistration> {
  readonly data?: Partial<DataSpec<R>>
  readonly model?: ModelSpec<R> | Partial<LongModel<R>>
  readonly weights?: StartWeights
  readonly params?: readonly ParamGroupSpec[]
  readonly loss?: Use<R, 'loss'>
  readonly optimizer?: Use<R, 'optimizer'> | Partial<LongUse<R, 'optimizer'>>
  readonly schedule?: Use<R, 'schedule'> | Partial<LongUse<R, 'schedule'>>
  readonly metrics?: readonly Use<R, 'metric'>[]
  readonly callbacks?: readonly Use<R, 'callback'>[]
  readonly epochs?: number
  readonly batchSize?: number
  readonly accumulate?: number
  readonly precision?: 'f32' | 'bf16'
  readonly predictor?: Use<R, 'predictor'>
}

/**
 * One stage of a training: what it changes of the row. Model, dataset and its split, metrics, precision and predictor are
 * the row's.
 * Every stage begins with the weights that are the result of the one before, and with a new optimizer, schedule and callbacks.
 */
export interface StageSpec<R extends AnyRegistration>
  extends Omit<RecipeChange<R>, 'data' | 'model' | 'weights' | 'metrics' | 'precision' | 'predictor' | 'epochs'> {
  readonly data?: Partial<Omit<DataSpec<R>, 'dataset' | 'split' | 'validFraction'>>
  readonly epochs: number
}

export interface RowSpec<R extends AnyRegistration> {
  /** Row to start from instead of the base. */
  readonly from?: string
  readonly change?: RecipeChange<R>
  /**
   * Trainings one after the other, each a change of the row; their epochs replace the row's. A row that is derived from
   * this one has the same stages unless it names its own.
   */
  readonly stages?: readonly StageSpec<R>[]
  readonly reported?: ReportedValues
  /** Largest accepted distance between the measured and the reported mean, in units of the metric. */
  readonly tolerance?: number
  readonly seeds?: readonly number[]
  /** Those of `seeds` that the accepted record must hold, where running all of them was too dear so far. Default: all. */
  readonly recordedSeeds?: readonly number[]
  /** Our records fall short of the source, for a reason that `note` gives: `repro check` then accepts them. */
  readonly knownToFallShort?: boolean
  /** Our records exceed the source, for a reason that `note` gives: `repro check` then accepts them. */
  readonly knownToExceed?: boolean
  /** One sentence for the report: what the source leaves open, what is known to differ. */
  readonly note?: string
  /** Rules that the row keeps; default: the table's. */
  readonly track?: Track
}

/**
 * `leaderboard` refuses what the public leaderboard of Imagenette and Imagewoof forbids: several views of a validation
 * image, and validation images larger than those of the training.
 */
export type Track = 'leaderboard'

export interface TableHead {
  readonly id: string
  readonly title: string
  /** Document that the numbers come from. */
  readonly source: string
}

/** What a list of plugins registers, as a union. */
export type RegistrationsOf<P extends readonly Plugin[]> = P[number] extends Plugin<infer R> ? R : never

export interface TableDefinition<P extends readonly Plugin[], R extends AnyRegistration = RegistrationsOf<P>>
  extends TableHead {
  readonly plugins: P
  /** Rules that every row keeps. */
  readonly track?: Track
  readonly base: RecipeSpec<R> & { readonly seeds: readonly number[]; readonly tolerance?: number }
  readonly rows: { readonly [row: string]: RowSpec<R> }
}

/** A table whose numbers follow from the model alone: computed, not trained, and compared exactly. */
export interface SummaryTableDefinition<P extends readonly Plugin[], R extends AnyRegistration = RegistrationsOf<P>>
  extends TableHead {
  readonly plugins: P
  readonly imageShape: Shape
  readonly classes: number
  readonly rows: {
    readonly [row: string]: {
      readonly model: ModelSpec<R>
      readonly reported: {
        /** Trainable parameters, a value a layer. */
        readonly params?: readonly number[]
        readonly totalParams: number
        /** The source's MFlops column, one decimal. */
        readonly mflops?: readonly number[]
        /** Multiply-accumulates of one image in millions, two decimals. */
        readonly megaMacs?: number
      }
    }
  }
}

/** Marks what defineTable and the others made, of this copy of core or another. */
export const tableBrand = Symbol.for('@tricklab/core:table')

// biome-ignore lint/suspicious/noExplicitAny: a table of any plugins; its options were checked where it was written
export type AnyPlugins = readonly Plugin<any>[]

export type TrainingTable = TableDefinition<AnyPlugins, AnyRegistration> & {
  readonly [tableBrand]: 'training'
  readonly kind: 'training'
}
export type SummaryTable = SummaryTableDefinition<AnyPlugins, AnyRegistration> & {
  readonly [tableBrand]: 'summary'
  readonly kind: 'summary'
}
export type Table = TrainingTable | SummaryTable | MeasurementTable

/** Declares a documented table: pure data apart from `plugins`. Option names and types are checked in the editor. */
export function defineTable<const P extends AnyPlugins>(definition: TableDefinition<P>): TrainingTable {
  return { ...definition, kind: 'training', [tableBrand]: 'training' } as unknown as TrainingTable
}

/** Declares a documented table of model summaries: exact, no training. */
export function defineSummaryTable<const P extends AnyPlugins>(definition: SummaryTableDefinition<P>): SummaryTable {
  return { ...definition, kind: 'summary', [tableBrand]: 'summary' } as unknown as SummaryTable
}

/** True for values made by defineTable, defineSummaryTable or defineMeasurementTable, of this copy of core or another. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && tableBrand in value
}
