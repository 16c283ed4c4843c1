import type { Shape } from '../contracts.ts'
import type { AnyPlugins, AnyRegistration, RegistrationsOf } from '../plugin/define.ts'
import type { RecipeChange, RecipeSpec, StageSpec } from './fields.ts'
import type { MeasurementTable } from './measurement.ts'
import type { ModelSpec } from './model-field.ts'
import type { Track } from './track.ts'

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

export interface TableHead {
  readonly id: string
  readonly title: string
  /** Document that the numbers come from. */
  readonly source: string
}

export interface TableDefinition<P extends AnyPlugins, R extends AnyRegistration = RegistrationsOf<P>>
  extends TableHead {
  readonly plugins: P
  /** Rules that every row keeps. */
  readonly track?: Track
  readonly base: RecipeSpec<R> & { readonly seeds: readonly number[]; readonly tolerance?: number }
  readonly rows: { readonly [row: string]: RowSpec<R> }
}

/** A table whose numbers follow from the model alone: computed, not trained, and compared exactly. */
export interface SummaryTableDefinition<P extends AnyPlugins, R extends AnyRegistration = RegistrationsOf<P>>
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
export function defineTable<const P extends AnyPlugins>(definition: TableDefinition<P>): TrainingTable
export function defineTable(definition: TableDefinition<AnyPlugins, AnyRegistration>): TrainingTable {
  return { ...definition, kind: 'training', [tableBrand]: 'training' }
}

/** Declares a documented table of model summaries: exact, no training. */
export function defineSummaryTable<const P extends AnyPlugins>(definition: SummaryTableDefinition<P>): SummaryTable
export function defineSummaryTable(definition: SummaryTableDefinition<AnyPlugins, AnyRegistration>): SummaryTable {
  return { ...definition, kind: 'summary', [tableBrand]: 'summary' }
}

/** True for values made by defineTable, defineSummaryTable or defineMeasurementTable, of this copy of core or another. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && tableBrand in value
}
