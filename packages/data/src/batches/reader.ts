import type { Shape, Split } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'

/** A batch that is read but not yet tensors, so that nothing leaks if it is not used. */
export interface PreparedBatch {
  readonly labels: readonly number[]
  /** Normalised images; belongs to the caller. */
  images(): tf.Tensor4D
  /** Gives the buffers back; the batch is of no use afterwards. */
  release(): void
}

/** Reads batches of given samples, whatever the dataset consists of. */
export interface BatchReader {
  /** Shape of the images that validation sees. */
  readonly imageShape: Shape
  /** Shape of the images that training sees, where it is another. */
  readonly trainShape?: Shape
  /** Batches read ahead of the one at hand. */
  readonly prefetch: number
  /** @param repeats how often each image came before in the epoch; absent: never */
  prepare(
    split: Split,
    epoch: number,
    batch: number,
    indices: ArrayLike<number>,
    repeats?: ArrayLike<number>,
  ): Promise<PreparedBatch>
  /** Called when all batches of an epoch of a split were read. */
  endOfPass?(): Promise<void>
  dispose?(): void
}
