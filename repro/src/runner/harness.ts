import type { Callback } from '@tricklab/core'
import type { EventName } from '@tricklab/core/contracts'
import type { BoundCallback } from '@tricklab/core/loop'
import { checkpointerEvents } from './checkpointer.ts'
import { recorderEvents } from './recorder.ts'

/** The harness's own callbacks in a training. */
export const bindHarness = (recorder: Callback, checkpointer: Callback): readonly BoundCallback[] => [
  { name: 'recorder', stage: 'log', callback: recorder },
  { name: 'checkpointer', stage: 'checkpoint', callback: checkpointer },
]

/** The same as far as the order of hooks goes: they hear their events, and do nothing. */
export const harnessHooks = bindHarness(hearing(recorderEvents), hearing(checkpointerEvents))

function hearing(events: readonly EventName[]): Callback {
  return Object.fromEntries(events.map((event) => [event, () => undefined]))
}
