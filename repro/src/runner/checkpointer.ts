import type { Callback } from '@tricklab/core'
import { type CheckpointIdentity, saveCheckpoint } from '@tricklab/core/checkpoint'
import type { Snapshot } from '@tricklab/core/loop'

export interface CheckpointerOptions {
  readonly path: string
  readonly identity: CheckpointIdentity
  /** Asked for right when a checkpoint is due. */
  readonly snapshot: () => Snapshot
  /** Throws where this process may no longer write. */
  readonly confirm: () => void
  /** Minutes between checkpoints inside an epoch. */
  readonly everyMinutes: number
  readonly signal: AbortSignal | undefined
}

/** Events that the checkpointer hears. */
export const checkpointerEvents = ['afterBatch', 'afterEpoch'] as const

/** Saves the state after every epoch, every few minutes, and when the run was asked to stop. */
export function createCheckpointer(options: CheckpointerOptions): Pick<Callback, (typeof checkpointerEvents)[number]> {
  const { path, identity, snapshot, confirm, everyMinutes, signal } = options
  let last = performance.now()
  const save = async () => {
    confirm()
    await saveCheckpoint(path, identity, snapshot())
    last = performance.now()
  }
  return {
    async afterBatch({ training }) {
      const due = training && performance.now() - last >= everyMinutes * 60_000
      if (due || signal?.aborted === true) await save()
    },
    afterEpoch: save,
  }
}
