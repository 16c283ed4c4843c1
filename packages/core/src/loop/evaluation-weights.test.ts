import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { createLearner, disposeLearner } from '../../test/linear-learner.ts'
import type { Callback, NamedTensors } from '../contracts.ts'
import type { Json } from '../json.ts'
import * as tf from '../tf.ts'
import { evaluate } from './evaluate.ts'
import { fit } from './fit.ts'
import { type BoundCallback, createHooks } from './hooks.ts'
import type { LearnerParts, Snapshot } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const path = 'linear/weight'

const bind = (name: string, callback: Callback, stage: BoundCallback['stage'] = 'optim'): BoundCallback => ({
  name,
  stage,
  callback,
})

/** Mean of all weights so far. */
function createAverage(): BoundCallback {
  let average: tf.Tensor | undefined
  let count = 0
  const put = (next: tf.Tensor) => {
    average?.dispose()
    average = tf.keep(next)
  }
  return bind('average', {
    afterStep({ params }) {
      count += 1
      const { value } = params[0]!
      put(
        tf.tidy(() =>
          average === undefined ? tf.clone(value) : tf.add(average, tf.div(tf.sub(value, average), count)),
        ),
      )
    },
    state: () => count,
    tensors: (): NamedTensors => (average === undefined ? {} : { average }),
    evaluationWeights: (): NamedTensors => (average === undefined ? {} : { [path]: average }),
    restore(state, tensors) {
      count = state as number
      if (tensors.average !== undefined) put(tf.clone(tensors.average))
    },
    dispose: () => average?.dispose(),
  })
}

/** Every weight after every batch and epoch, as callbacks see it. */
function createWatcher(seen: { place: string; bits: string }[]): BoundCallback {
  const note = (place: string) => void seen.push({ place, bits: learnerBits() })
  let learnerBits = () => ''
  return bind(
    'watcher',
    {
      beforeFit({ params }) {
        learnerBits = () => params[0]!.value.dataSync().join()
      },
      afterBatch: ({ training, epoch, index }) => note(`${training ? 'train' : 'valid'} ${epoch}.${index}`),
      afterEpoch: ({ epoch }) => note(`epoch ${epoch}`),
    },
    'log',
  )
}

test('validation and the end of a fit see what is declared; training goes on with what is trained', async () => {
  const before = tf.memory().numTensors
  const [plain, averaged] = [[], []] as { place: string; bits: string }[][]
  const without = createLearner([createWatcher(plain!)])
  await fit(without)
  disposeLearner(without)
  const learner = createLearner([createAverage(), createWatcher(averaged!)])
  const result = await fit(learner)
  expect(result.weightsOf).toBe('average')
  const last = learner.params[0]!.value.dataSync().join()

  const bitsAt = (seen: typeof plain, place: string) => seen!.find((entry) => entry.place === place)!.bits
  for (const { place, bits } of plain!) {
    if (place.startsWith('valid')) expect(bitsAt(averaged, place)).not.toBe(bits)
    else expect(bitsAt(averaged, place)).toBe(bits)
  }
  expect(last).toBe(bitsAt(averaged, 'valid 1.1'))

  // The float64 mean of the weights after each of the six steps.
  const steps = plain!.filter(({ place }) => place.startsWith('train')).map(({ bits }) => bits.split(',').map(Number))
  const means = steps[0]!.map((_, i) => steps.reduce((sum, weights) => sum + weights[i]!, 0) / steps.length)
  for (const [i, value] of last.split(',').entries()) expect(Number(value)).toBeCloseTo(means[i]!, 6)

  // The weights that the model is left with are those of the result.
  learner.dispose()
  const fresh = createLearner([], { model: learner.parts.model })
  expect(await evaluate(fresh)).toEqual(result.valid)
  disposeLearner(fresh)
  expect(tf.memory().numTensors).toBe(before)
})

test('where another fit follows, the model is left with what is trained, unless the callback hands its weights on', async () => {
  const before = tf.memory().numTensors
  const weightAfter = async (callbacks: readonly BoundCallback[], followed: boolean) => {
    const learner = createLearner(callbacks)
    await fit(learner, { followed })
    const bits = learner.params[0]!.value.dataSync().join()
    disposeLearner(learner)
    return bits
  }
  const handing = (): BoundCallback => {
    const average = createAverage()
    return { ...average, callback: { ...average.callback, handsOn: true } }
  }
  const trained = await weightAfter([], true)
  const averaged = await weightAfter([createAverage()], false)
  expect(averaged).not.toBe(trained)
  expect(await weightAfter([createAverage()], true)).toBe(trained)
  expect(await weightAfter([handing()], true)).toBe(averaged)
  expect(tf.memory().numTensors).toBe(before)
})

test('killed and resumed at any place, within a validation too, a fit gives the same bits', async () => {
  const parts: Partial<LearnerParts> = { accumulate: 2 }
  const snapshots: Snapshot[] = []
  const save = () => {
    const { state, tensors } = learner.snapshot()
    const copies = Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor))] as const)
    snapshots.push({ state: JSON.parse(JSON.stringify(state)) as Json, tensors: Object.fromEntries(copies) })
  }
  const learner = createLearner(
    [createAverage(), bind('saver', { afterBatch: save, afterEpoch: save }, 'checkpoint')],
    parts,
  )
  const whole = await fit(learner)
  const bits = learner.params[0]!.value.dataSync().slice()
  disposeLearner(learner)
  expect(snapshots).toHaveLength(12)
  for (const snapshot of snapshots) {
    const resumed = createLearner([createAverage()], parts)
    await resumed.restore(snapshot)
    tf.dispose(Object.values(snapshot.tensors))
    expect(await fit(resumed)).toEqual(whole)
    expect(resumed.params[0]!.value.dataSync()).toEqual(bits)
    disposeLearner(resumed)
  }
})

test('what ends a validation leaves the trained weights in the model', async () => {
  let trained = ''
  const failing = bind('failing', {
    beforeEpoch({ split }) {
      if (split === 'valid') throw new Error('no')
    },
    afterStep({ params }) {
      trained = params[0]!.value.dataSync().join()
    },
  })
  const before = tf.memory().numTensors
  const learner = createLearner([createAverage(), failing])
  await expect(fit(learner)).rejects.toThrow('E_HOOK')
  expect(learner.params[0]!.value.dataSync().join()).toBe(trained)
  disposeLearner(learner)
  expect(tf.memory().numTensors).toBe(before)
})

describe('refused', () => {
  test('are two callbacks that declare weights, before anything is trained', () => {
    expect(() => createHooks([createAverage(), bind('other', { evaluationWeights: () => ({}) })])).toThrow(
      /^\[E_EVALUATION_WEIGHTS\] .* Received: Callback "average", Callback "other"\./,
    )
  })

  test.each([
    ['a path that the model does not have', () => ({ 'no/such': tf.scalar(1) }), /at "no\/such".*paths of parameters/],
    ['another shape', () => ({ [path]: tf.zeros([2, 3]) }), /float32 \[3,2\]. Received: float32 \[2,3\]/],
    ['no tensor', () => ({ [path]: 3 }), /Received: number/],
  ])('is %s', async (_, evaluationWeights, message) => {
    const learner = createLearner([bind('wrong', { evaluationWeights: evaluationWeights as never })])
    await expect(fit(learner)).rejects.toThrow(message)
    disposeLearner(learner)
  })
})
