import type { EventName } from '../contracts.ts'
import { fail } from '../errors/index.ts'
import * as tf from '../tf.ts'
import { titleOf } from './hook-title.ts'
import type { BoundCallback } from './hooks.ts'
import { stepOf } from './step-of.ts'

/** Calls in a row that may each leave a tensor behind: more than any state that is built up piece by piece. */
const patience = 32

interface Count {
  calls: number
  tensors: number
}

/** Finds hooks that leave tensors behind at every call, before they fill the memory. */
export interface LeakWatch {
  /**
   * Runs a hook and counts what it leaves behind, beside what it hands to the loop. Hooks that answer later are not
   * counted: what others make meanwhile cannot be told apart.
   * @errors E_HOOK_LEAK
   */
  run(bound: BoundCallback, event: EventName, payload: unknown, body: () => unknown): unknown
}

export function createLeakWatch(): LeakWatch {
  const counts = new WeakMap<BoundCallback, Map<EventName, Count>>()

  function countOf(bound: BoundCallback, event: EventName): Count {
    const byEvent = counts.get(bound) ?? new Map<EventName, Count>()
    counts.set(bound, byEvent)
    const count = byEvent.get(event) ?? { calls: 0, tensors: 0 }
    byEvent.set(event, count)
    return count
  }

  return {
    run(bound, event, payload, body) {
      const { state } = tf.engine()
      const before = state.numTensors
      const answer = body()
      if (answer instanceof Promise) return answer
      const left = state.numTensors - before - handedOver(payload, answer)
      const count = countOf(bound, event)
      count.calls = left > 0 ? count.calls + 1 : 0
      count.tensors = left > 0 ? count.tensors + left : 0
      if (count.calls === patience) failLeak(bound, event, payload, count)
      return answer
    },
  }
}

function failLeak(bound: BoundCallback, event: EventName, payload: unknown, { calls, tensors }: Count): never {
  const step = stepOf(event, payload)
  fail('E_HOOK_LEAK', {
    what: `${titleOf(bound)} leaves tensors behind in ${event}${step === undefined ? '' : `, the last at step ${step}`}.`,
    expected: 'hooks that dispose of every tensor they make, or return it.',
    received: `${tensors} more tensors after ${calls} calls in a row.`,
    fix: `report it to the author of "${bound.plugin ?? bound.name}"; usually \`tf.tidy\` around the maths is missing.`,
  })
}

/** Tensors of an answer that the payload did not have: the loop disposes of them. */
function handedOver(payload: unknown, answer: unknown): number {
  const given = tensorsOf(payload)
  return [...tensorsOf(answer)].filter((tensor) => !given.has(tensor)).length
}

function tensorsOf(value: unknown): Set<tf.Tensor> {
  if (typeof value !== 'object' || value === null) return new Set()
  return new Set(
    Object.values(value)
      .flat()
      .filter((entry): entry is tf.Tensor => entry instanceof tf.Tensor),
  )
}
