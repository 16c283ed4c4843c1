import { createRegistry, createRng, type Json, TricklabError } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import { type BoundCallback, type FitResult, type Learner, fit as runFit, type Snapshot } from '@tricklab/core/loop'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { createTinyLearner, disposeLearner } from '../fit/learner.ts'
import { createTinyMetric } from '../fit/parts.ts'
import type { ComponentSpec } from './spec.ts'
import { memory, snapshotParams, valuesOf } from './tensors.ts'

const seed = 5

export interface FitCase {
  readonly spec: ComponentSpec
  /** The callback; a fit without it when left out. */
  readonly use: NormalUse | undefined
  readonly source: BatchSource
  readonly epochs: number
}

export interface FitOutcome {
  readonly weights: Map<string, Float32Array>
  readonly result: FitResult
  /** State of the callbacks in the end. */
  readonly state: Json
  /** Tensors of that state. */
  readonly tensors: Map<string, Float32Array>
  /** Memory after each training step. */
  readonly memories: ReturnType<typeof memory>[]
  /** Training steps of the last epoch. */
  readonly lastSteps: number
  /** Where it could have been stopped: as far as it came. */
  readonly places: readonly FitPlace[]
}

/** A place where a fit can be stopped: after so many `afterBatch` and `afterEpoch` events. */
export interface FitPlace {
  readonly events: number
  readonly label: string
}

/** The callback of a case, with services of its own as in a fresh process. */
export function bind({ spec, use, source }: FitCase & { readonly use: NormalUse }): BoundCallback {
  const registry = createRegistry([...(spec.with ?? []), spec.plugin], { rng: createRng(seed) })
  const { stage = 'augment' } = registry.component('callback', spec.name)
  return {
    name: spec.name,
    stage,
    callback: registry.create('callback', use, { source, metrics: [createTinyMetric()] }),
  }
}

/** One fit from beginning to end. */
export async function fitOnce(target: FitCase): Promise<FitOutcome> {
  return runToEnd(target)
}

/** A fit that is stopped at a place, and another learner that goes on from what a checkpoint would hold. */
export async function fitResumed(target: FitCase, place: FitPlace): Promise<FitOutcome> {
  return runToEnd(target, await runUntil(target, place))
}

async function runToEnd(target: FitCase, from?: Snapshot): Promise<FitOutcome> {
  const memories: ReturnType<typeof memory>[] = []
  const labels: string[] = []
  const tensors = new Map<string, Float32Array>()
  let lastSteps = 0
  let state: Json = null
  const watcher: BoundCallback = {
    name: 'contract-watcher',
    stage: 'checkpoint',
    callback: {
      beforeEpoch({ split }) {
        if (split === 'train') lastSteps = 0
      },
      afterBatch({ training, epoch, index }) {
        labels.push(`after ${training ? 'training' : 'validation'} batch ${index + 1} of epoch ${epoch + 1}`)
        if (!training) return
        lastSteps += 1
        memories.push(memory())
      },
      afterEpoch({ epoch }) {
        labels.push(`at the end of epoch ${epoch + 1}`)
      },
      async afterFit() {
        state = { ...learner.hooks.state() }
        for (const [name, tensor] of Object.entries(learner.hooks.tensors())) tensors.set(name, await valuesOf(tensor))
      },
    },
  }
  const learner: Learner = createLearner(target, watcher)
  try {
    if (from !== undefined) {
      await learner.restore(from)
      // What a restored learner keeps must be a copy.
      tf.dispose(Object.values(from.tensors))
    }
    const result = await runFit(learner)
    const places = labels.map((label, index) => ({ events: index + 1, label }))
    return { weights: await snapshotParams(learner.params), result, state, tensors, memories, lastSteps, places }
  } finally {
    disposeLearner(learner)
  }
}

/** Stops a fit at a place; returns what a checkpoint would bring back. */
async function runUntil(target: FitCase, { events }: FitPlace): Promise<Snapshot> {
  const stop = new AbortController()
  let count = 0
  let saved: Snapshot | undefined
  const saveWhenDue = () => {
    count += 1
    if (count !== events) return
    const { state, tensors } = learner.snapshot()
    const copies = Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor))] as const)
    saved = { state: JSON.parse(JSON.stringify(state)) as Json, tensors: Object.fromEntries(copies) }
    stop.abort()
  }
  const stopper: BoundCallback = {
    name: 'contract-stopper',
    stage: 'checkpoint',
    callback: { afterBatch: saveWhenDue, afterEpoch: saveWhenDue },
  }
  const learner: Learner = createLearner(target, stopper, stop.signal)
  try {
    await runFit(learner)
  } catch (error) {
    if (!(error instanceof TricklabError) || error.code !== 'E_INTERRUPTED') throw error
  } finally {
    disposeLearner(learner)
  }
  return saved!
}

function createLearner(target: FitCase, watcher: BoundCallback, signal?: AbortSignal): Learner {
  const { source, epochs, use } = target
  const callbacks = use === undefined ? [watcher] : [bind({ ...target, use }), watcher]
  return createTinyLearner({ source, epochs, seed, callbacks, ...(signal === undefined ? {} : { signal }) })
}
