/** The fit of golden/make_fine_tune.py: a linear model on samples in their order. */

import { createRegistry, createRng, type Loss, type Model, type Split } from '@tricklab/core'
import type { BatchSource, Hyperparameters } from '@tricklab/core/contracts'
import { createHooks, type FitResult, type FitStart, fit, Learner } from '@tricklab/core/loop'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { optim } from '../src/index.ts'

const features = 4
const classes = 3
const sizes = { train: 18, valid: 7 } as const
const first = { train: 0, valid: sizes.train } as const

export function createLinearSource(batchSize: number): BatchSource {
  const batches = (split: Split) => Math.ceil(sizes[split] / batchSize)
  return {
    classes: ['a', 'b', 'c'],
    imageShape: [1, 1, features],
    samples: (split) => sizes[split],
    batches,
    async *read(split, _epoch, from) {
      for (let batch = from; batch < batches(split); batch++) {
        const size = Math.min(batchSize, sizes[split] - batch * batchSize)
        const indices = Array.from({ length: size }, (_, i) => first[split] + batch * batchSize + i)
        const pixels = indices.flatMap((i) => Array.from({ length: features }, (_, f) => Math.sin(0.7 * i * i + f)))
        const labels = tf.tensor1d(
          indices.map((i) => i % classes),
          'int32',
        )
        const targets = tf.oneHot(labels, classes, 1, 0, 'float32') as tf.Tensor2D
        labels.dispose()
        yield { images: tf.tensor4d(pixels, [size, 1, 1, features]), targets, size }
      }
    },
  }
}

export function createLinearModel(): Model {
  const [weight, bias] = tf.tidy(() => {
    const values = Array.from({ length: features }, (_, f) => Array.from({ length: classes }, (_, c) => 4 * c + f))
    return [tf.variable(tf.sin(tf.tensor2d(values))), tf.variable(tf.zeros([classes]))]
  })
  const params = { weight: { role: 'weight', value: weight }, bias: { role: 'bias', value: bias } } as const
  return {
    params: { linear: params },
    layers: [],
    inputShape: [1, 1, features],
    classes,
    macs: () => features * classes,
    apply: (images) =>
      tf.add(tf.matMul(tf.reshape(images, [-1, features]), weight as tf.Tensor2D), bias) as tf.Tensor2D,
    dispose: () => tf.dispose([weight, bias]),
  }
}

const loss: Loss = {
  apply: (scores, targets) => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(scores)), 1))) as tf.Scalar,
}

export interface Stage {
  readonly epochs: number
  readonly optimizer: { readonly learningRate: number }
  readonly schedule: object
}

export interface Watched {
  readonly steps: Hyperparameters[]
  readonly epochs: FitResult[]
}

const registry = createRegistry([optim])
const normalize = (kind: 'optimizer' | 'schedule', use: object): NormalUse => {
  const normal = registry.normalize(kind, use as { use: string }, 'test')
  if (normal.problems.length > 0) throw new Error(normal.problems[0]!.what)
  return normal.use
}

/** Trains the stages one after the other as a job does, with fastai's Adam. */
export async function trainStages(model: Model, stages: readonly Stage[], batchSize = 4, accumulate = 1) {
  const watched: Watched = { steps: [], epochs: [] }
  const source = createLinearSource(batchSize)
  let start: FitStart = { stage: 0, epoch: 0, step: 0 }
  for (const { epochs, optimizer, schedule } of stages) {
    const stepsPerEpoch = Math.ceil(source.batches('train') / accumulate)
    const { learningRate } = optimizer
    const context = { learningRate, totalSteps: stepsPerEpoch * epochs, stepsPerEpoch }
    const watch = {
      afterBatch: ({ hyper }: { hyper: Hyperparameters | undefined }) => void (hyper && watched.steps.push(hyper)),
      afterEpoch: ({ train, valid }: FitResult) => void watched.epochs.push({ train, valid }),
    }
    const parts = {
      model,
      loss,
      source,
      epochs,
      start,
      accumulate,
      metrics: [],
      optimizer: registry.create('optimizer', normalize('optimizer', { use: 'adam', ...optimizer }), {}),
      schedule: registry.create('schedule', normalize('schedule', schedule), context),
      rng: createRng(1),
      seed: 1,
    }
    const learner = new Learner(parts, createHooks([{ name: 'watch', stage: 'log', callback: watch }]))
    await fit(learner)
    learner.dispose()
    start = { stage: start.stage + 1, epoch: learner.position.epoch, step: learner.position.step }
  }
  return watched
}
