import type { AnyPlugins, AnyRegistration, RegistrationsOf, Use } from '../plugin/define.ts'
import { defineTable, type TableHead, tableBrand } from './define.ts'
import type { RecipeChange, RecipeSpec } from './fields.ts'
import { normalizeRow, type Row } from './normalize.ts'

interface MeasuredRowHead {
  /** Largest accepted distance from what is documented. Default: the table's. */
  readonly tolerance?: number
  /** One sentence for the report: what the source leaves open, what is known to differ. */
  readonly note?: string
  /** Our records fall short of the source, for a reason that `note` gives: `repro check` then accepts them. */
  readonly knownToFallShort?: boolean
  /** Our records exceed the source, for a reason that `note` gives: `repro check` then accepts them. */
  readonly knownToExceed?: boolean
}

/** A claim of how the cost of a block grows, or of which of two is the cheaper one. */
export type ScalingRow<R extends AnyRegistration = AnyRegistration> = MeasuredRowHead &
  (
    | {
        readonly block: Use<R, 'block'>
        readonly grows: 'time' | 'memory'
        /** `cost ∝ positions^exponent`, fitted over the table's sizes from `fitFrom` on. */
        readonly reported?: { readonly exponent: number }
      }
    | {
        readonly block: Use<R, 'block'>
        /** What it is measured against, in turns. */
        readonly than: Use<R, 'block'>
        /** `block` takes less time than `than` where there are more positions than this, and more where fewer. */
        readonly reported: { readonly cheaperAbove: number }
      }
  )

/** Cost of one block, forward and backward, over the number of its positions. */
export interface ScalingTableDefinition<P extends AnyPlugins, R extends AnyRegistration = RegistrationsOf<P>>
  extends TableHead {
  readonly measures: 'scaling'
  readonly plugins: P
  readonly channels: number
  readonly batchSize: number
  /** Sides of the square maps that are measured, ascending: positions are their squares. @unit pixels */
  readonly sides: readonly number[]
  /** Exponents are fitted from this side on: below it what does not grow weighs too much. @unit pixels */
  readonly fitFrom: number
  readonly tolerance: number
  readonly rows: { readonly [row: string]: ScalingRow<R> }
}

/** A variant of a network and how long the source says that an epoch of it took. */
export interface StepTimeRow<R extends AnyRegistration = AnyRegistration> extends MeasuredRowHead {
  readonly from?: string
  readonly change?: RecipeChange<R>
  readonly reported?: { readonly secondsPerEpoch: number }
}

/** Time of a training step of several variants, in turns: only ratios to one of them can be compared across machines. */
export interface StepTimeTableDefinition<P extends AnyPlugins, R extends AnyRegistration = RegistrationsOf<P>>
  extends TableHead {
  readonly measures: 'step-time'
  readonly plugins: P
  /** The row that all others are divided by. */
  readonly reference: string
  readonly tolerance: number
  readonly base: RecipeSpec<R>
  readonly rows: { readonly [row: string]: StepTimeRow<R> }
}

interface MeasurementBrand {
  readonly [tableBrand]: 'measurement'
  readonly kind: 'measurement'
}
export type ScalingTable = ScalingTableDefinition<AnyPlugins, AnyRegistration> & MeasurementBrand
export type StepTimeTable = StepTimeTableDefinition<AnyPlugins, AnyRegistration> & MeasurementBrand
export type MeasurementTable = ScalingTable | StepTimeTable

/** Declares a documented table of measurements: how cost grows, or how long steps take. Nothing is trained to an end. */
export function defineMeasurementTable<const P extends AnyPlugins>(
  definition: ScalingTableDefinition<P> | StepTimeTableDefinition<P>,
): MeasurementTable
export function defineMeasurementTable(
  definition:
    | ScalingTableDefinition<AnyPlugins, AnyRegistration>
    | StepTimeTableDefinition<AnyPlugins, AnyRegistration>,
): MeasurementTable {
  return { ...definition, kind: 'measurement', [tableBrand]: 'measurement' }
}

/**
 * A variant as a row that can be trained, with the seed 1.
 * @errors those of normalizeRow
 */
export function normalizeVariant(table: StepTimeTable, name: string): Row {
  const { id, title, source, plugins } = table
  const rows = Object.entries(table.rows).map(([row, { from, change }]) => {
    return [row, { ...(from === undefined ? {} : { from }), ...(change === undefined ? {} : { change }) }] as const
  })
  const base = { ...table.base, seeds: [1] }
  return normalizeRow(defineTable({ id, title, source, plugins, base, rows: Object.fromEntries(rows) }), name)
}
