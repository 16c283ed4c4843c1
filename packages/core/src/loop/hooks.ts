import {
  type Callback,
  type EventName,
  type Events,
  eventNames,
  type Stage,
  stages,
  type TapedEvent,
} from '../contracts.ts'
import { fail, TricklabError } from '../errors/index.ts'
import type { Json } from '../json.ts'

/** A callback with its name and stage: what the loop needs to order and blame it. */
export interface BoundCallback {
  readonly name: string
  readonly stage: Stage
  readonly callback: Callback
}

type Payload<E extends EventName> = Events[E]['payload']

/** The callbacks of a run in their resolved order. */
export interface Hooks {
  /** Names of the callbacks that an event calls, in order. */
  order(event: EventName): string[]
  /** Calls the hooks of an event; what one returns, the next one sees. */
  run<E extends EventName>(event: E, payload: Payload<E>): Promise<Payload<E>>
  /** The same inside the gradient tape, where nothing may be awaited. */
  runTaped<E extends TapedEvent>(event: E, payload: Payload<E>): Payload<E>
  /** `cleanup` of every callback, even when one throws; the first error is thrown at the end. */
  cleanup(): Promise<void>
  state(): { readonly [name: string]: Json }
  restore(state: { readonly [name: string]: Json }): void
}

/** Orders callbacks by stage, then by the order given. */
export function createHooks(callbacks: readonly BoundCallback[]): Hooks {
  const ordered = stages.flatMap((stage) => callbacks.filter((bound) => bound.stage === stage))
  const listeners = Object.fromEntries(
    eventNames.map((event) => [event, ordered.filter((bound) => bound.callback[event] !== undefined)]),
  ) as { readonly [E in EventName]: BoundCallback[] }

  const call = (bound: BoundCallback, event: EventName, payload: unknown): unknown =>
    blame(bound, event, payload, () => (bound.callback[event] as (payload: unknown) => unknown)(payload))

  return {
    order: (event) => listeners[event].map((bound) => bound.name),
    async run(event, payload) {
      let current: unknown = payload
      for (const bound of listeners[event]) {
        const answer = await blame(bound, event, current, () => call(bound, event, current))
        current = combine(bound, event, current, answer)
      }
      return current as never
    },
    runTaped(event, payload) {
      let current: unknown = payload
      for (const bound of listeners[event]) current = combine(bound, event, current, call(bound, event, current))
      return current as never
    },
    async cleanup() {
      const failures: unknown[] = []
      for (const bound of [...ordered].reverse()) {
        try {
          if (bound.callback.cleanup !== undefined) await call(bound, 'cleanup', undefined)
          bound.callback.dispose?.()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
    state: () =>
      Object.fromEntries(
        ordered.flatMap(({ name, callback }) => (callback.state === undefined ? [] : [[name, callback.state()]])),
      ),
    restore(state) {
      for (const { name, callback } of ordered) {
        if (name in state) callback.restore?.(state[name]!)
      }
    },
  }
}

/** Errors of a callback name the callback, the event and the step. Tricklab's own errors pass as they are. */
function blame<T>({ name }: BoundCallback, event: EventName, payload: unknown, body: () => T): T {
  const rethrow = (cause: unknown): never => {
    if (cause instanceof TricklabError) throw cause
    const step = (payload as { step?: number } | undefined)?.step
    fail('E_HOOK', {
      what: `Callback "${name}" threw in ${event}${step === undefined ? '' : ` at step ${step}`}: ${
        cause instanceof Error ? cause.message : String(cause)
      }`,
      fix: `report it to the author of "${name}", or leave the callback out of the recipe.`,
      cause,
    })
  }
  try {
    const result = body()
    return result instanceof Promise ? (result.catch(rethrow) as T) : result
  } catch (cause) {
    return rethrow(cause)
  }
}

/** Merges an answer into the payload and frees the tensors that it replaced. */
function combine(bound: BoundCallback, event: EventName, payload: unknown, answer: unknown): unknown {
  if (answer === undefined || answer === payload) return payload
  if (typeof answer !== 'object' || answer === null || answer instanceof Promise || event === 'cleanup') {
    fail('E_HOOK_RETURN', {
      what: `Callback "${bound.name}" answered ${event} with something that is no change of it.`,
      expected: `nothing, or an object with what changes${
        event === 'afterPredict' || event === 'afterLoss'
          ? '; this event runs inside the gradient tape and cannot be awaited'
          : ''
      }.`,
      received: answer instanceof Promise ? 'a promise.' : `${typeof answer}.`,
      fix: `return \`{ ...payload, changed }\` from ${event}.`,
    })
  }
  const merged = { ...(payload as object), ...answer }
  if (event === 'beforeBatch') checkBatch(bound, payload as Payload<'beforeBatch'>, merged as Payload<'beforeBatch'>)
  return merged
}

function checkBatch(bound: BoundCallback, before: Payload<'beforeBatch'>, after: Payload<'beforeBatch'>): void {
  const [rows, classes] = before.targets.shape
  const fits =
    after.images.rank === 4 &&
    after.images.shape[0] === rows &&
    after.targets.shape[0] === rows &&
    after.targets.shape[1] === classes
  if (!fits) {
    fail('E_HOOK_RETURN', {
      what: `Callback "${bound.name}" returned a batch of another shape at step ${before.step}.`,
      expected: `images [${rows}, height, width, channels] and targets [${rows}, ${classes}].`,
      received: `images [${after.images.shape}] and targets [${after.targets.shape}].`,
      fix: 'keep the number of images and classes of a batch.',
    })
  }
  // A batch that a hook returned belongs to the loop, and so did the one it replaces.
  if (after.images !== before.images) before.images.dispose()
  if (after.targets !== before.targets) before.targets.dispose()
}
