/** A linear model on ten numbers a sample: the smallest fit that has everything a fit has. For the tests of the loop. */
import type { BatchSource, Metric, Model, Optimizer, Split } from '../src/contracts.ts'
import { type BoundCallback, createHooks } from '../src/loop/hooks.ts'
import { Learner, type LearnerParts } from '../src/loop/learner.ts'
import { createRng } from '../src/rng/index.ts'
import * as tf from '../src/tf.ts'

export const sizes = { train: 10, valid: 5 } as const
export const batchSize = 4

/** Batches of 4, 4 and 2 for training, 4 and 1 for validation. */
export function createSource(
  change: (split: Split, index: number) => number | undefined = () => undefined,
): BatchSource {
  const rng = createRng(99)
  const batches = (split: Split) => Math.ceil(sizes[split] / batchSize)
  return {
    classes: ['a', 'b'],
    imageShape: [1, 3, 1],
    samples: (split) => sizes[split],
    batches,
    async *read(split, epoch, from) {
      for (let index = from; index < batches(split); index++) {
        const size = Math.min(batchSize, sizes[split] - index * batchSize)
        const stream = rng.at(split, split === 'train' ? epoch : 0, index)
        const pixels = Float32Array.from({ length: size * 3 }, () => stream.normal())
        const poison = change(split, index)
        if (poison !== undefined) pixels[0] = poison
        const targets = Array.from({ length: size }, (_, row) => (pixels[row * 3]! > 0 ? [1, 0] : [0, 1]))
        yield { images: tf.tensor4d(pixels, [size, 1, 3, 1]), targets: tf.tensor2d(targets, [size, 2]), size }
      }
    },
  }
}

/** `scores = x · w + noise(step)`; the noise is drawn in training, so that a wrong step shows. */
export function createLinearModel(seed = 1): Model {
  const stream = createRng(seed).at('w')
  const values = Float32Array.from({ length: 6 }, () => stream.normal())
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(values, [3, 2])))
  const params = { linear: { weight: { role: 'weight' as const, value: weight } } }
  const block: Model['layers'][number]['block'] = {
    params: params.linear,
    outputShape: () => [1, 1, 2],
    macs: () => 6,
    apply(images, { training, rng }) {
      const scores = tf.matMul(tf.reshape(images, [-1, 3]), weight as unknown as tf.Tensor2D)
      const noisy = training ? tf.add(scores, rng.at('noise').normal()) : scores
      return tf.reshape(tf.mul(noisy, noisy), [images.shape[0], 1, 1, 2])
    },
    dispose: () => weight.dispose(),
  }
  return {
    params,
    layers: [{ name: 'linear', type: 'linear', block }],
    inputShape: [1, 3, 1],
    classes: 2,
    macs: () => 6,
    apply: (images, { training, rng }) =>
      tf.reshape(block.apply(images, { training, rng: rng.scope('linear') }), [images.shape[0], 2]),
    dispose: block.dispose,
  }
}

/** Momentum 0.9. */
export function createOptimizer(): Optimizer {
  let velocity: tf.Tensor | undefined
  const set = (next: tf.Tensor) => {
    velocity?.dispose()
    velocity = tf.keep(next)
  }
  return {
    step([param], [gradient], { learningRate }) {
      const { value } = param!
      set(tf.tidy(() => (velocity === undefined ? gradient!.clone() : tf.add(tf.mul(velocity, 0.9), gradient!))))
      tf.tidy(() => value.assign(tf.sub(value, tf.mul(velocity!, learningRate))))
    },
    state: () => (velocity === undefined ? {} : { velocity }),
    restore(state) {
      if (state.velocity !== undefined) set(state.velocity.clone())
    },
    dispose() {
      velocity?.dispose()
      velocity = undefined
    },
  }
}

/** Sum of the first score over all samples. */
export function createScoreMetric(): Metric {
  let sum = 0
  return {
    name: 'first',
    better: 'higher',
    async update(scores) {
      for (const [first] of await scores.array()) sum += first!
    },
    compute: () => sum,
    reset() {
      sum = 0
    },
    state: () => sum,
    restore(state) {
      sum = state as number
    },
  }
}

/** Squared error: large scores stay finite far longer than their exponentials. */
export const squaredError: LearnerParts['loss'] = {
  apply: (scores, targets) => tf.mean(tf.squaredDifference(scores, targets)) as tf.Scalar,
}

export function createLearner(callbacks: readonly BoundCallback[] = [], parts: Partial<LearnerParts> = {}): Learner {
  const epochs = parts.epochs ?? 2
  return new Learner(
    {
      loss: squaredError,
      optimizer: createOptimizer(),
      schedule: { at: (step) => ({ learningRate: 0.02 / (1 + step) }) },
      metrics: [createScoreMetric()],
      source: createSource(),
      epochs,
      rng: createRng(3),
      seed: 3,
      ...parts,
      model: parts.model ?? createLinearModel(),
    },
    createHooks(callbacks),
  )
}

export function disposeLearner(learner: Learner): void {
  learner.dispose()
  learner.parts.model.dispose()
}
