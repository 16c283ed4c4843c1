/**
 * What the parent and a side of a measurement say to each other: one JSON object a line over the side's standard input and
 * output, so that a side may be written in any language. A side's other output goes to standard error.
 */
import type { Problem } from '@tricklab/core/errors'

/** Every later line to a side: measure so many steps. End of input: stop. */
export interface TurnRequest {
  readonly steps: number
}

/** What a side says of itself once it has warmed up. */
export interface Ready {
  readonly bench: 'ready'
  /** Such as `tricklab wasm` or `torch 2.4.0`. */
  readonly name: string
  readonly threads: number
  /** What a reader of the figures should know. */
  readonly notes: readonly string[]
  /** Losses of the first steps, for comparison. */
  readonly losses: readonly number[]
  readonly version: string
  /** How much longer the first step took than later ones, where the side compiles. @unit seconds */
  readonly compileSeconds?: number
}

export interface TensorCount {
  readonly numTensors: number
  readonly numBytes: number
}

/** The times of one turn. */
export interface Turn {
  readonly bench: 'turn'
  /** @unit milliseconds a step */
  readonly times: readonly number[]
  /** Resident memory after every step. @unit bytes */
  readonly resident: readonly number[]
  /** @unit bytes */
  readonly peakResident: number
  /** Tensors after the first and the last step; only TF.js counts them. */
  readonly tensors?: { readonly first: TensorCount; readonly last: TensorCount }
}

/** A turn whose times are also told by the processor's clock, of all threads together. */
export interface ProcessorTurn extends Turn {
  /** @unit milliseconds a step */
  readonly processor: readonly number[]
}

export type SideMessage =
  | Ready
  | Turn
  /** The first training step is done. */
  | { readonly bench: 'first-step' }
  | { readonly bench: 'problem'; readonly problems: readonly Problem[] }
  | { readonly bench: 'fault'; readonly stack: string }
