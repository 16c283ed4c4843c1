import type { Json } from '@tricklab/core'
import type { Manifest, Verdict } from '../record/types.ts'
import type { Interval } from '../statistics/index.ts'

/** What was measured: a pass of a block, a training step, a batch's or one image's scores; memory beside. */
export type Quantity = 'time' | 'memory' | 'train' | 'predict' | 'latency'

/** The raw figures of one series: a list a turn. @unit seconds; bytes for memory */
export interface Sample {
  /** A block in its long form as JSON, or the name of a row. */
  readonly series: string
  readonly quantity: Quantity
  /** Side of the square map, where blocks are measured. @unit pixels */
  readonly side: number | null
  readonly turns: readonly (readonly number[])[]
}

/** The file `measurement.json` of a measured table: raw figures alone, from which everything shown is computed. */
export interface MeasurementRecord {
  readonly schema: 1
  readonly table: string
  readonly title: string
  readonly source: string
  /** SHA-256 of what was measured: blocks and sizes, or the recipes of the variants. */
  readonly measuredHash: string
  readonly measured: Json
  readonly engine: Manifest['engine']
  readonly environment: Manifest['environment']
  /** Processes that wanted to run when it began, on average over a minute: near 0 on a quiet machine. */
  readonly loadAtStart: number
  readonly turns: number
  readonly steps: number
  /** Rows were left out: no verdict. */
  readonly partial: boolean
  readonly started: string
  readonly ended: string
  readonly samples: readonly Sample[]
  /** Of accepted records, and only there: SHA-256 of everything else. */
  readonly seal?: string
}

/** One claim and what was measured of it. */
export interface MeasuredRow {
  readonly row: string
  /** What the number is: `exponent of time`, `share of sizes`, `ratio of step times`. */
  readonly metric: string
  readonly reported: number | null
  readonly measured: number | null
  /** 95 % of an exponent; the range over turns of a ratio. */
  readonly interval: Pick<Interval, 'low' | 'high'> | null
  readonly tolerance: number
  readonly verdict: Verdict
  /** Why, in a sentence; then the recipe's own remark. */
  readonly note: string
}
