import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createLearner, createLinearModel, createSource, disposeLearner } from '../../test/linear-learner.ts'
import type { Batch, BatchSource, Callback, Predictor } from '../contracts.ts'
import { rememberOrigin } from '../plugin/origin.ts'
import * as tf from '../tf.ts'
import { evaluate } from './evaluate.ts'
import { fit } from './fit.ts'
import type { LearnerParts } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const crossEntropy: LearnerParts['loss'] = {
  apply: (scores, targets) => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(scores)), 1))) as tf.Scalar,
}
const mean: Predictor = {
  views: 2,
  combine: (plain, views) => tf.log(tf.div(tf.addN([plain, ...views].map((view) => tf.exp(view))), views.length + 1)),
}

/** Batches of a source with every pixel times a number that tells the views apart. */
async function* scaled(source: BatchSource, factor: number) {
  for await (const { images, ...batch } of source.read('valid', 0, 0)) {
    const changed = tf.mul(images, factor) as tf.Tensor4D
    images.dispose()
    yield { ...batch, images: changed }
  }
}

test('the weights of a fit score as its last epoch did, bit by bit, with the hooks of that epoch', async () => {
  const seen: unknown[] = []
  const callback = (): Callback => ({
    beforeBatch(batch: Batch) {
      if (batch.training) return
      seen.push([batch.epoch, batch.step, batch.index])
      return { ...batch, images: tf.mul(batch.images, 3) as tf.Tensor4D }
    },
    afterLoss: ({ loss }) => ({ loss: tf.add(loss, 1) as tf.Scalar }),
  })
  const bound = () => [{ name: 'test', stage: 'target' as const, callback: callback() }]
  const before = tf.memory().numTensors
  const model = createLinearModel()
  const learner = createLearner(bound(), { model })
  const { valid } = await fit(learner)
  const lastEpoch = seen.splice(0).slice(-2)
  learner.dispose()

  const fresh = createLearner(bound(), { model })
  expect(await evaluate(fresh)).toEqual(valid)
  expect(seen).toEqual(lastEpoch)
  disposeLearner(fresh)
  expect(tf.memory().numTensors).toBe(before)
})

test('a predictor gets the log-probabilities of every view; loss and metrics are of what it makes of them', async () => {
  const source = createSource()
  const learner = createLearner([], { loss: crossEntropy })
  const before = tf.memory().numTensors
  const result = await evaluate(learner, { predictor: mean, read: (view) => scaled(source, view + 2) })
  expect(tf.memory().numTensors).toBe(before)

  // The same in float64: probabilities of the images times 1, 2 and 3, then their mean.
  const weight = learner.params[0]!.value.dataSync()
  let [loss, first, samples] = [0, 0, 0]
  for await (const { images, targets, size } of source.read('valid', 0, 0)) {
    const [pixels, labels] = [images.dataSync(), targets.dataSync()]
    for (let row = 0; row < size; row++) {
      const views = [1, 2, 3].map((factor) => {
        const scores = [0, 1].map(
          (k) => [0, 1, 2].reduce((sum, i) => sum + factor * pixels[row * 3 + i]! * weight[i * 2 + k]!, 0) ** 2,
        )
        const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
        return scores.map((score) => Math.exp(score) / total)
      })
      const p = [0, 1].map((k) => (views[0]![k]! + views[1]![k]! + views[2]![k]!) / 3)
      loss -= Math.log(p[labels[row * 2]! === 1 ? 0 : 1]!)
      first += Math.log(p[0]!)
      samples += 1
    }
    tf.dispose([images, targets])
  }
  expect(result.loss).toBeCloseTo(loss / samples, 5)
  expect(result.first).toBeCloseTo(first, 4)
  disposeLearner(learner)
})

test('probabilities that float32 rounds to 0 leave the loss finite', async () => {
  const source = createSource()
  const learner = createLearner([], { loss: crossEntropy })
  const plain: Predictor = { views: 1, combine: (scores) => scores }
  learner.params[0]!.value.assign(tf.tensor2d([30, 0, 0, 30, 30, 0], [3, 2]))
  const result = await evaluate(learner, { predictor: plain, read: () => scaled(source, 1) })
  expect(result.loss).toBeGreaterThan(104)
  // One view that is the plain one.
  expect(result.loss).toBeCloseTo((await evaluate(learner)).loss!, 2)
  disposeLearner(learner)
})

test('a view of other samples is a defect, a signal ends it, and views are closed either way', async () => {
  const source = createSource()
  let closed = 0
  async function* watched(factor: number) {
    try {
      yield* scaled(source, factor)
    } finally {
      closed += 1
    }
  }
  async function* short() {
    for await (const batch of scaled(source, 1)) {
      yield batch
      return
    }
  }
  const learner = createLearner()
  const shortView = { predictor: mean, read: (view: number) => (view === 0 ? watched(1) : short()) }
  await expect(evaluate(learner, shortView)).rejects.toThrow(/E_INTERNAL.*1 samples.*its end/s)
  expect(closed).toBe(1)
  disposeLearner(learner)

  const stopped = createLearner([], { signal: AbortSignal.abort() })
  await expect(evaluate(stopped, { predictor: mean, read: watched })).rejects.toThrow('E_INTERRUPTED')
  expect(closed).toBe(3)
  disposeLearner(stopped)
})

test('callbacks are cleaned up, whatever ended it; a NaN is named', async () => {
  let cleaned = 0
  const callback: Callback = {
    cleanup: () => {
      cleaned += 1
      throw new Error('in cleanup')
    },
  }
  const bound = [{ name: 'test', stage: 'log' as const, callback }]
  const poisoned = createLearner(bound, {
    source: createSource((split) => (split === 'valid' ? Number.NaN : undefined)),
  })
  await expect(evaluate(poisoned)).rejects.toThrow(/E_LOSS_NAN.*the images of the batch hold it/s)
  disposeLearner(poisoned)
  const sound = createLearner(bound)
  await expect(evaluate(sound)).rejects.toThrow(/E_HOOK.*in cleanup/s)
  disposeLearner(sound)
  expect(cleaned).toBe(2)
})

test.each(['loss', 'predictor', 'model'] as const)(
  'a %s that throws while evaluating is named, with its plugin',
  async (kind) => {
    const boom = () => {
      throw new Error('boom')
    }
    const broken = { views: 1, combine: boom, apply: boom }
    rememberOrigin(broken, { plugin: 'theirs', kind, name: 'trick' })
    const model = createLinearModel()
    const parts = kind === 'loss' ? { loss: broken } : kind === 'model' ? { model: { ...model, apply: boom } } : {}
    if (parts.model !== undefined) rememberOrigin(parts.model, { plugin: 'theirs', kind, name: 'trick' })
    const learner = createLearner([], { loss: crossEntropy, ...parts })
    const viewing = { predictor: broken, read: () => scaled(createSource(), 2) }
    await expect(evaluate(learner, kind === 'predictor' ? viewing : undefined)).rejects.toThrow(
      `[E_COMPONENT] The ${kind} "trick" of plugin "theirs" threw in`,
    )
  },
)
