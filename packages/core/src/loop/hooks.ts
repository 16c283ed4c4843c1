import {
  type Callback,
  type EventName,
  type Events,
  eventNames,
  type NamedTensors,
  type Stage,
  type Stop,
  stages,
  type TapedEvent,
} from '../contracts.ts'
import { fail, failOutOfMemory, isFailedAllocation, suggest, TricklabError } from '../errors/index.ts'
import type { Json } from '../json.ts'
import * as tf from '../tf.ts'
import { below } from './below.ts'
import { createLeakWatch } from './hook-leaks.ts'
import { titleOf } from './hook-title.ts'
import { stepOf } from './step-of.ts'

/** A callback with its name and stage: what the loop needs to order and blame it. */
export interface BoundCallback {
  readonly name: string
  readonly stage: Stage
  readonly callback: Callback
  /** The plugin that registered it; absent for callbacks of the harness. */
  readonly plugin?: string
}

type Payload<E extends EventName> = Events[E]['payload']

/** The callbacks of a run in their resolved order. */
export interface Hooks {
  /** Names of the callbacks that an event calls, in order. */
  order(event: EventName): string[]
  /** Why a callback ended the training: `early-stop: the reason`. Undefined while none did. */
  readonly stopped: string | undefined
  /** Calls the hooks of an event; what one returns, the next one sees. */
  run<E extends EventName>(event: E, payload: Payload<E>): Promise<Payload<E>>
  /** The same inside the gradient tape, where nothing may be awaited. */
  runTaped<E extends TapedEvent>(event: E, payload: Payload<E>): Payload<E>
  /** `cleanup` of every callback, even when one throws; the first error is thrown at the end. */
  cleanup(): Promise<void>
  state(): { readonly [name: string]: Json }
  /** Tensors that belong to the state, as `callback/tensor`; still owned by the callbacks. */
  tensors(): NamedTensors
  restore(state: { readonly [name: string]: Json }, tensors: NamedTensors, stopped?: string): void
  /** The callback that declares the weights that validation sees. */
  readonly evaluation: BoundCallback | undefined
  /** Those weights; undefined where validation sees what is trained. */
  evaluationWeights(): NamedTensors | undefined
}

/** Orders callbacks by stage, then by the order given. @errors E_EVALUATION_WEIGHTS when two declare them */
export function createHooks(callbacks: readonly BoundCallback[]): Hooks {
  const ordered = stages.flatMap((stage) => callbacks.filter((bound) => bound.stage === stage))
  const stateKeys = uniqueNames(ordered)
  const evaluation = findEvaluation(ordered)
  const listeners = Object.fromEntries(
    eventNames.map((event) => [event, ordered.filter((bound) => bound.callback[event] !== undefined)]),
  ) as { readonly [E in EventName]: BoundCallback[] }

  const leaks = createLeakWatch()
  let stopped: string | undefined

  const callTaped = (bound: BoundCallback, event: EventName, payload: unknown): unknown =>
    blame(bound, event, payload, () => (bound.callback[event] as (payload: unknown) => unknown)(payload))
  // Inside the gradient tape everything is in a tidy, and nothing can be left over.
  const call = (bound: BoundCallback, event: EventName, payload: unknown): unknown =>
    leaks.run(bound, event, payload, () => callTaped(bound, event, payload))

  return {
    order: (event) => listeners[event].map((bound) => bound.name),
    get stopped() {
      return stopped
    },
    async run(event, payload) {
      const stops = stopping.includes(event)
      let current: unknown = stops && stopped !== undefined ? { ...payload, stop: stopped } : payload
      for (const bound of listeners[event]) {
        const answer = await call(bound, event, current)
        current = combine(bound, event, current, answer)
        // Known at once: a callback that comes later may write a checkpoint.
        if (stops) stopped = (current as Partial<Stop>).stop
      }
      return current as typeof payload
    },
    runTaped(event, payload) {
      let current: unknown = payload
      for (const bound of listeners[event]) current = combine(bound, event, current, callTaped(bound, event, current))
      return current as typeof payload
    },
    async cleanup() {
      const failures: unknown[] = []
      for (const bound of [...ordered].reverse()) {
        try {
          if (bound.callback.cleanup !== undefined) await call(bound, 'cleanup', undefined)
        } catch (error) {
          failures.push(error)
        }
        try {
          bound.callback.dispose?.()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
    state: () =>
      Object.fromEntries(
        ordered.flatMap(({ callback }, index) =>
          callback.state === undefined ? [] : [[stateKeys[index]!, callback.state()]],
        ),
      ),
    tensors: () =>
      Object.fromEntries(
        ordered.flatMap(({ callback }, index) =>
          Object.entries(callback.tensors?.() ?? {}).map(([name, tensor]) => [`${stateKeys[index]}/${name}`, tensor]),
        ),
      ),
    restore(state, tensors, reason) {
      stopped = reason
      for (const [index, { callback }] of ordered.entries()) {
        const key = stateKeys[index]!
        const own = below(`${key}/`, tensors)
        if (!Object.hasOwn(state, key) && Object.keys(own).length === 0) continue
        callback.restore?.(state[key] ?? null, own)
      }
    },
    evaluation,
    evaluationWeights: () =>
      evaluation && blame(evaluation, 'evaluationWeights', undefined, () => evaluation.callback.evaluationWeights!()),
  }
}

/** Validation can see one set of weights, and so can the result be of one alone. */
function findEvaluation(callbacks: readonly BoundCallback[]): BoundCallback | undefined {
  const [first, second] = callbacks.filter(({ callback }) => callback.evaluationWeights !== undefined)
  if (second === undefined) return first
  return fail('E_EVALUATION_WEIGHTS', {
    what: 'Two callbacks of the recipe declare the weights that validation sees.',
    expected: 'one of them.',
    received: `${titleOf(first!)}, ${titleOf(second)}.`,
    fix: 'leave one of the two out of `callbacks`.',
  })
}

/** A callback may be in a recipe twice: the second `ema` keeps its state as `ema#2`. */
function uniqueNames(callbacks: readonly BoundCallback[]): string[] {
  return callbacks.map(({ name }, index) => {
    const before = callbacks.slice(0, index).filter((other) => other.name === name).length
    return before === 0 ? name : `${name}#${before + 1}`
  })
}

/** Errors of a callback name the callback, the event and the step. Tricklab's own errors pass as they are. */
function blame<T>(bound: BoundCallback, event: EventName | 'evaluationWeights', payload: unknown, body: () => T): T {
  const rethrow = (cause: unknown): never => {
    if (cause instanceof TricklabError) throw cause
    if (isFailedAllocation(cause)) {
      failOutOfMemory({
        what: `what the callback "${bound.name}" asks for in ${event}${placeOf(event, payload)}`,
        cause,
      })
    }
    fail('E_HOOK', {
      what: `${titleOf(bound)} threw in ${event}${placeOf(event, payload)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: `report it to the author of "${bound.plugin ?? bound.name}", or leave the callback out of the recipe.`,
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

/** ` at step 7`, for events that know it. */
function placeOf(event: EventName | 'evaluationWeights', payload: unknown): string {
  const step = event === 'evaluationWeights' ? undefined : stepOf(event, payload)
  return step === undefined ? '' : ` at step ${step}`
}

/** Events whose answer ends the training. */
const stopping: readonly EventName[] = ['afterBatch', 'afterEpoch']

/** Events that may be answered; the others only tell. */
const answerable: readonly EventName[] = ['beforeBatch', 'afterPredict', 'afterLoss', 'afterBackward', ...stopping]

/** Merges an answer into the payload and frees the tensors that it replaced. */
function combine(bound: BoundCallback, event: EventName, payload: unknown, answer: unknown): unknown {
  if (answer === undefined || answer === payload) return payload
  checkAnswer(bound, event, payload, answer)
  if (stopping.includes(event)) return { stop: `${bound.name}: ${(answer as Stop).stop}`, ...(payload as object) }
  const merged = { ...(payload as object), ...(answer as object) }
  if (event === 'beforeBatch') checkBatch(bound, payload as Payload<'beforeBatch'>, merged as Payload<'beforeBatch'>)
  if (event === 'afterBackward') {
    checkGradients(bound, payload as Payload<'afterBackward'>, merged as Payload<'afterBackward'>)
  }
  return merged
}

function checkAnswer(bound: BoundCallback, event: EventName, payload: unknown, answer: unknown): void {
  const taped = event === 'afterPredict' || event === 'afterLoss'
  const wrongForm = (expected: string, received: string, fix: string): never =>
    fail('E_HOOK_RETURN', {
      what: `${titleOf(bound)} answered ${event}${placeOf(event, payload)} with a value that this event does not allow.`,
      expected,
      received,
      fix,
    })
  if (answer instanceof Promise) {
    // Nobody will wait for it; if it fails later, that must not end the process on top of the error thrown here.
    answer.catch(() => {})
    wrongForm(
      'nothing, or an object with what changes; this event runs inside the gradient tape and cannot be awaited.',
      'a promise.',
      `make ${event} synchronous.`,
    )
  }
  if (!answerable.includes(event))
    wrongForm('nothing: this event cannot be changed.', `${kindOf(answer)}.`, 'return nothing.')
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    wrongForm(
      `nothing, or an object with what changes${taped ? '; this event runs inside the gradient tape' : ''}.`,
      `${kindOf(answer)}.`,
      `return \`{ ...payload, changed }\` from ${event}.`,
    )
  }
  const stops = stopping.includes(event)
  const known = stops ? ['stop'] : Object.keys(payload as object)
  const unknown = Object.keys(answer as object).find((key) => !known.includes(key))
  if (unknown !== undefined) wrongForm(`only ${known.join(', ')}.`, `"${unknown}".`, suggest(unknown, known))
  if (!stops) return
  const { stop } = answer as Partial<Stop>
  if (typeof stop === 'string' && stop.trim() !== '') return
  wrongForm(
    "nothing, or { stop: 'the reason' } to end the training.",
    `stop: ${JSON.stringify(stop)}.`,
    'say in a few words why it ends.',
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value
}

function checkBatch(bound: BoundCallback, before: Payload<'beforeBatch'>, after: Payload<'beforeBatch'>): void {
  const [rows, classes] = before.targets.shape
  const shapeOf = (value: unknown) => (value instanceof tf.Tensor ? `[${value.shape}]` : kindOf(value))
  const fits =
    after.images instanceof tf.Tensor &&
    after.targets instanceof tf.Tensor &&
    after.images.rank === 4 &&
    after.images.shape[0] === rows &&
    after.targets.rank === 2 &&
    after.targets.shape[0] === rows &&
    after.targets.shape[1] === classes
  if (!fits) {
    fail('E_HOOK_RETURN', {
      what: `${titleOf(bound)} returned a batch of another shape from beforeBatch${placeOf('beforeBatch', before)}.`,
      expected: `images [${rows}, height, width, channels] and targets [${rows}, ${classes}].`,
      received: `images ${shapeOf(after.images)} and targets ${shapeOf(after.targets)}.`,
      fix: 'keep the number of images and classes of a batch.',
    })
  }
  // A batch that a hook returned belongs to the loop, and so did the one it replaces.
  if (after.images !== before.images) before.images.dispose()
  if (after.targets !== before.targets) before.targets.dispose()
}

function checkGradients(
  bound: BoundCallback,
  before: Payload<'afterBackward'>,
  { gradients }: Payload<'afterBackward'>,
): void {
  if (Array.isArray(gradients) && gradients.length === before.gradients.length) return
  fail('E_HOOK_RETURN', {
    what: `${titleOf(bound)} returned another number of gradients from afterBackward${placeOf('afterBackward', before)}.`,
    expected: `${before.gradients.length}, one for each parameter.`,
    received: `${Array.isArray(gradients) ? gradients.length : kindOf(gradients)}.`,
    fix: 'return a gradient for every parameter, in the order given.',
  })
}
