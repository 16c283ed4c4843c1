import type { Json, Shape } from '@tricklab/core'

/** What is tracked: one seed of a row. */
export interface TrackedRun {
  readonly table: string
  readonly row: string
  readonly seed: number
  /** SHA-256 of the normalised recipe. */
  readonly recipeHash: string
  readonly recipe: Json
  /** Names of the scores of an epoch, the loss among them. */
  readonly scores: readonly string[]
}

/** Numbers of one moment by name: `loss`, `learningRate`, `train/loss`, `valid/accuracy` … */
export interface Point {
  /** Training steps done. */
  readonly step: number
  readonly epoch: number
  /** @unit ms since 1970 */
  readonly time: number
  readonly values: { readonly [name: string]: number }
}

/** Images of a training batch as the network sees them: PNG files. */
export interface BatchImages {
  readonly step: number
  readonly time: number
  readonly shape: Shape
  readonly images: readonly Uint8Array[]
}

/** The values of one weight. */
export interface WeightValues {
  readonly step: number
  readonly time: number
  readonly path: string
  readonly values: Float32Array
}

/** How a training ended. */
export type Outcome = 'finished' | 'stopped'

/** A place that is told of a training. If it throws, it is left out from then on, and the training goes on. */
export interface Tracker {
  readonly name: string
  /** The training begins with the step after `step`; above 0 it goes on, and what was tracked of later steps is void. */
  begin(run: TrackedRun, step: number): void | Promise<void>
  track(point: Point): void
  /** Only where it wants them: the first images of an epoch. */
  images?(batch: BatchImages): void
  /** Only where it wants them: every weight after an epoch. */
  weights?(weights: WeightValues): void
  /** Brings what is held to its place, after every epoch; waits for nobody. */
  flush(): void
  /** The last of all calls. */
  end(outcome: Outcome): void | Promise<void>
}
