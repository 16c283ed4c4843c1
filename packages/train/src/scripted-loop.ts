/** Runs scripts of training steps through the real loop: forward, backward, update, metrics and the row's callbacks. */

import type { Schedule, Split } from '@tricklab/core'
import type { SourceBatch } from '@tricklab/core/contracts'
import { fit, Learner } from '@tricklab/core/loop'
import type { Row } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type OpenOptions, openRow } from './open-row.ts'

export interface ScriptedLoop {
  readonly learner: Learner
  /** Loss of every step so far; that of step n is computed before its update. */
  readonly losses: readonly number[]
  /** Steps that the row's schedule is made for. */
  readonly totalSteps: number
  /** Training batches from the row's own source, from the first on; the caller owns them. */
  readonly read: (from?: number) => AsyncIterable<SourceBatch>
  /**
   * Trains on every batch that the script yields; when `yield` returns, its step is done. The batches belong to the
   * loop. May be called once.
   */
  run(script: () => AsyncIterable<SourceBatch>): Promise<void>
  /** Waits until everything submitted so far has been computed. */
  settle(): Promise<void>
  dispose(): Promise<void>
}

/** Ends a fit from within its batch source. */
class ScriptDone extends Error {}

/** The loop of a row, of its first stage and seed. @errors those of openRow */
export async function createScriptedLoop(row: Row, options: OpenOptions): Promise<ScriptedLoop> {
  const losses: number[] = []
  const observer = {
    name: 'observer',
    stage: 'log',
    callback: {
      afterBatch({ loss }: { readonly loss: number }) {
        losses.push(loss)
      },
    },
  } as const
  const opened = await openRow(row, options)
  const planned = opened.learner({ ...opened.stages[0], start: undefined }, { callbacks: [observer] })
  const { parts, hooks, updatesPerEpoch } = planned
  const totalSteps = updatesPerEpoch * parts.epochs
  let script: (() => AsyncIterable<SourceBatch>) | undefined

  async function* scripted(): AsyncGenerator<SourceBatch> {
    yield* script!()
    throw new ScriptDone()
  }
  const learner = new Learner(
    {
      ...held(parts, totalSteps),
      source: { ...parts.source, read: (_split: Split, _epoch: number, _from: number) => scripted() },
      ...(parts.groups === undefined ? {} : { groups: parts.groups.map((group) => held(group, totalSteps)) }),
    },
    hooks,
  )
  return {
    learner,
    losses,
    totalSteps,
    read: (from = 0) => parts.source.read('train', 0, from),
    async run(steps) {
      script = steps
      try {
        await fit(learner)
      } catch (error) {
        if (!(error instanceof ScriptDone)) throw error
      }
    },
    async settle() {
      await learner.trainable[0]?.value.data()
    },
    async dispose() {
      learner.dispose()
      await opened.dispose()
    },
  }
}

/** A long measurement may outlast a schedule, which is not defined beyond its end. */
const heldSchedule = (schedule: Schedule, totalSteps: number): Schedule => ({
  at: (step) => schedule.at(Math.min(step, totalSteps - 1)),
})

function held<T extends { readonly schedule?: Schedule; readonly decaySchedule?: Schedule }>(
  whole: T,
  totalSteps: number,
): T {
  const schedules = Object.entries({ schedule: whole.schedule, decaySchedule: whole.decaySchedule })
  const known = schedules.flatMap(([key, one]) => (one === undefined ? [] : [[key, heldSchedule(one, totalSteps)]]))
  return { ...whole, ...Object.fromEntries(known) }
}

/** The first full batches of a row in memory, up to `count`; one that is not full only where there is no other. */
export async function holdBatches(loop: ScriptedLoop, count: number): Promise<readonly SourceBatch[]> {
  const held: SourceBatch[] = []
  for await (const batch of loop.read()) {
    if (held.length === count || (held.length > 0 && batch.size < held[0]!.size)) {
      tf.dispose([batch.images, batch.targets])
      break
    }
    held.push(batch)
  }
  return held
}

/** The batch again, without copying its data; the loop may dispose of what it gets. */
export function again({ images, targets, size }: SourceBatch): SourceBatch {
  return { images: tf.clone(images), targets: tf.clone(targets), size }
}
