import type { Shape } from '@tricklab/core'
import type { BoundCallback } from '@tricklab/core/loop'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { createTinySource, type TinyData } from '../fit/source.ts'
import { batchOf, withHooks } from './callback-batch.ts'
import { bind, type FitCase, fitOnce, fitResumed } from './callback-fit.ts'
import { type Check, type ContractProblem, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, type OptionSet, optionSets, registryOf, show, useOf } from './spec.ts'
import { expectFinite, expectNoLeak, expectSameBits, expectSameParams, memory, valuesOf } from './tensors.ts'

export interface CallbackSpec extends ComponentSpec {
  /** Options at which the callback must do nothing at all. */
  readonly off?: OptionSet
  /** Shape of the images; default 6 × 6 with 2 channels. */
  readonly imageShape?: Shape
  /** Epochs of the short fits; default 2. Callbacks that act late need more. */
  readonly epochs?: number
}

/** Runs the contract of a callback on the current engine; the problems found, none for a sound one. */
export async function checkCallback(spec: CallbackSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(callbackChecks, spec, selection)
}

export const callbackChecks: readonly Check<CallbackSpec>[] = [
  ...optionChecks<CallbackSpec>('callback', async (spec, _registry, use) => {
    const { weights, result } = await fitOnce(fitCase(spec, use))
    return JSON.stringify([[...weights].map(([path, values]) => [path, [...values]]), result])
  }),
  { name: 'off is the same as absent', run: checkOff },
  { name: 'batches of 1 and of odd sizes work', run: (spec) => forUses(spec, checkSizes) },
  { name: 'targets stay probabilities', run: (spec) => forUses(spec, checkTargets) },
  { name: 'validation batches pass unchanged', run: (spec) => forUses(spec, checkValidation) },
  { name: 'inputs are left as they were', run: (spec) => forUses(spec, checkInputs) },
  { name: 'the same seed gives the same bits', run: (spec) => forUses(spec, checkRepeat) },
  { name: 'resumed is the same as uninterrupted', run: (spec) => forUses(spec, checkResume) },
  { name: 'no tensor is left over', run: (spec) => forUses(spec, checkLeaks) },
]

const defaultShape: Shape = [6, 6, 2]

function dataOf({ imageShape = defaultShape }: CallbackSpec): TinyData {
  return { imageShape, classes: 3, batchSize: 8, sizes: { train: 22, valid: 11 } }
}

function fitCase(spec: CallbackSpec, use?: NormalUse): FitCase {
  return { spec, use, source: createTinySource(dataOf(spec)), epochs: spec.epochs ?? 2 }
}

async function forUses(spec: CallbackSpec, body: (spec: CallbackSpec, use: NormalUse) => Promise<void>): Promise<void> {
  for (const options of optionSets(spec)) await body(spec, useOf(registryOf(spec), 'callback', spec.name, options))
}

const bound = (spec: CallbackSpec, use: NormalUse): BoundCallback => bind({ ...fitCase(spec, use), use })

async function checkOff(spec: CallbackSpec): Promise<void> {
  if (spec.off === undefined) return
  const use = useOf(registryOf(spec), 'callback', spec.name, spec.off)
  const at = Object.entries(spec.off).map(([name, value]) => `${name} ${show(value)}`)
  const found = await withHooks(fitCase(spec), bound(spec, use), async (hooks) => {
    const batch = batchOf(dataOf(spec), 64, { training: true })
    const rows = { images: await rowsOf(batch.images), targets: await rowsOf(batch.targets) }
    const after = await hooks.run('beforeBatch', batch)
    const images = countChanged(rows.images, await rowsOf(after.images))
    const targets = countChanged(rows.targets, await rowsOf(after.targets))
    tf.dispose([after.images, after.targets])
    return { images, targets }
  })
  for (const [what, changed] of Object.entries(found)) {
    if (changed > 0) violate(`off is not the identity: ${changed} of 64 ${what} changed at ${at.join(', ')}`)
  }
  const [without, off] = [await fitOnce(fitCase(spec)), await fitOnce(fitCase(spec, use))]
  const what = `off is not the identity: a fit at ${at.join(', ')} and one without the callback`
  expectSameParams(what, without.weights, off.weights)
  // Whose the weights are may be said, as long as they are the same.
  const { weightsOf: _, ...result } = off.result
  if (show(without.result) !== show(result)) violate(`${what} give ${show(result)} and ${show(without.result)}`)
}

async function rowsOf(tensor: tf.Tensor): Promise<string[]> {
  const values = await valuesOf(tensor)
  const width = values.length / tensor.shape[0]!
  return Array.from({ length: tensor.shape[0]! }, (_, row) => values.slice(row * width, (row + 1) * width).join())
}

const countChanged = (before: string[], after: string[]) => before.filter((row, index) => row !== after[index]).length

async function checkSizes(spec: CallbackSpec, use: NormalUse): Promise<void> {
  await withHooks(fitCase(spec), bound(spec, use), async (hooks) => {
    for (const size of [1, 3, 7]) {
      for (const training of [true, false]) {
        const after = await hooks.run('beforeBatch', batchOf(dataOf(spec), size, { training }))
        if (after.images.shape[0] !== size) violate(`a batch of ${size} became one of ${after.images.shape[0]}`)
        expectFinite(`the images of a batch of ${size}`, await valuesOf(after.images))
        tf.dispose([after.images, after.targets])
      }
    }
  })
}

async function checkTargets(spec: CallbackSpec, use: NormalUse): Promise<void> {
  await withHooks(fitCase(spec), bound(spec, use), async (hooks) => {
    for (let step = 0; step < 5; step++) {
      const after = await hooks.run('beforeBatch', batchOf(dataOf(spec), 8, { training: true, step }))
      const values = await valuesOf(after.targets)
      const classes = after.targets.shape[1]
      for (let row = 0; row < 8; row++) {
        const entries = [...values.subarray(row * classes, (row + 1) * classes)]
        const sum = entries.reduce((total, entry) => total + entry, 0)
        const fits = Math.abs(sum - 1) < 1e-5 && entries.every((entry) => entry >= -1e-6)
        if (!fits) violate(`targets of image ${row} at step ${step} are ${entries.join(', ')}: no probabilities`)
      }
      tf.dispose([after.images, after.targets])
    }
  })
}

async function checkValidation(spec: CallbackSpec, use: NormalUse): Promise<void> {
  await withHooks(fitCase(spec), bound(spec, use), async (hooks) => {
    const batch = batchOf(dataOf(spec), 8, { training: false })
    const before = { images: await valuesOf(batch.images), targets: await valuesOf(batch.targets) }
    const after = await hooks.run('beforeBatch', batch)
    expectSameBits('the images of a validation batch', before.images, await valuesOf(after.images))
    expectSameBits('the targets of a validation batch', before.targets, await valuesOf(after.targets))
    tf.dispose([after.images, after.targets])
  })
}

async function checkInputs(spec: CallbackSpec, use: NormalUse): Promise<void> {
  await withHooks(fitCase(spec), bound(spec, use), async (hooks) => {
    for (let step = 0; step < 5; step++) {
      const batch = batchOf(dataOf(spec), 8, { training: true, step })
      // The loop disposes of what a hook replaces; clones share the data and stay.
      const kept = { images: tf.clone(batch.images), targets: tf.clone(batch.targets) }
      const before = { images: await valuesOf(kept.images), targets: await valuesOf(kept.targets) }
      const after = await hooks.run('beforeBatch', batch)
      expectSameBits(`the images given to beforeBatch at step ${step}`, before.images, await valuesOf(kept.images))
      expectSameBits(`the targets given to beforeBatch at step ${step}`, before.targets, await valuesOf(kept.targets))
      tf.dispose([after.images, after.targets, kept.images, kept.targets])
    }
  })
}

async function checkRepeat(spec: CallbackSpec, use: NormalUse): Promise<void> {
  const [a, b] = [await fitOnce(fitCase(spec, use)), await fitOnce(fitCase(spec, use))]
  expectSameParams('two fits with one seed', a.weights, b.weights)
  if (show(a.result) !== show(b.result)) violate(`two fits with one seed give ${show(a.result)} and ${show(b.result)}`)
}

async function checkResume(spec: CallbackSpec, use: NormalUse): Promise<void> {
  const target = fitCase(spec, use)
  const whole = await fitOnce(target)
  for (const place of whole.places) {
    const resumed = await fitResumed(target, place)
    const what = `resumed ${place.label}, not as uninterrupted`
    expectSameParams(what, whole.weights, resumed.weights)
    if (show(whole.result) !== show(resumed.result)) {
      violate(`${what}: scores ${show(resumed.result)}; expected ${show(whole.result)}`)
    }
    if (show(whole.state) !== show(resumed.state)) {
      violate(`${what}: state ${show(resumed.state)}; expected ${show(whole.state)}`)
    }
    expectSameParams(`${what}, in its tensors`, whole.tensors, resumed.tensors)
  }
}

async function checkLeaks(spec: CallbackSpec, use: NormalUse): Promise<void> {
  const target = fitCase(spec, use)
  const before = memory()
  const { memories, lastSteps, places } = await fitOnce(target)
  const last = memories.slice(-lastSteps)
  for (const [index, after] of last.slice(1).entries()) {
    expectNoLeak(`a step leaks: after training step ${index + 2} of the last epoch`, last[index]!, after)
  }
  expectNoLeak('after a fit, its cleanup and dispose()', before)
  await fitResumed(target, places[1]!)
  expectNoLeak('after a fit that was stopped, and resumed', before)
}
