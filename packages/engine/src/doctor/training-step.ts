/**
 * One small, fixed training step: the same numbers in on every engine, so that its loss shows whether an engine computes
 * rightly and its time shows how fast. Convolution, batch norm, pooling before the activation (where a wrong pooling
 * gradient would hide behind ReLU otherwise), a strided convolution, a dense layer, cross-entropy, plain SGD.
 */
import * as tf from '@tricklab/core/tf'

const batch = 8
const size = 16
const classes = 10
const learningRate = 0.1

/** Loss at each of the first steps, from the `cpu` engine. */
export const expectedLosses: readonly number[] = [2.39756, 2.567, 2.45719, 2.2639]

/** A relative error above this means that an engine computes something else. */
export const lossTolerance = 1e-3

const shapes = {
  first: [3, 3, 3, 16],
  scale: [16],
  shift: [16],
  second: [3, 3, 16, 32],
  dense: [32, classes],
} as const

type Weights = Record<keyof typeof shapes, tf.Tensor>

export interface TrainingStep {
  /** Takes one step and waits until its loss is here; steps go on from each other. */
  run(): Promise<number>
  dispose(): void
}

/** Sets up the step's weights and its batch on the current backend. */
export function createTrainingStep(): TrainingStep {
  const images = tf.tensor4d(waves(batch * size * size * 3, 1), [batch, size, size, 3])
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  const targets = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32'))
  let weights = initialWeights()
  return {
    async run() {
      const { loss, updated } = step(weights, images, targets)
      tf.dispose(weights)
      weights = updated
      const value = (await loss.data())[0]
      loss.dispose()
      return value ?? Number.NaN
    },
    dispose: () => tf.dispose([images, targets, ...Object.values(weights)]),
  }
}

function step(weights: Weights, images: tf.Tensor4D, targets: tf.Tensor): { loss: tf.Scalar; updated: Weights } {
  return tf.tidy(() => {
    const names = Object.keys(shapes) as (keyof Weights)[]
    const lossOf = (...values: tf.Tensor[]) =>
      crossEntropy(scores(Object.fromEntries(names.map((name, i) => [name, values[i]])) as Weights, images), targets)
    const { value, grads } = tf.valueAndGrads(lossOf)(names.map((name) => weights[name]))
    const updated = names.map((name, i) => [name, tf.sub(weights[name], tf.mul(grads[i] as tf.Tensor, learningRate))])
    return { loss: value as tf.Scalar, updated: Object.fromEntries(updated) as Weights }
  })
}

function scores(weights: Weights, images: tf.Tensor4D): tf.Tensor {
  const first = tf.conv2d(images, weights.first as tf.Tensor4D, 1, 'same')
  const { mean, variance } = tf.moments(first, [0, 1, 2])
  const normed = tf.batchNorm(
    first,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    weights.shift as tf.Tensor1D,
    weights.scale as tf.Tensor1D,
    1e-5,
  )
  const pooled = tf.relu(tf.maxPool(normed as tf.Tensor4D, 2, 2, 'valid'))
  const second = tf.relu(tf.conv2d(pooled as tf.Tensor4D, weights.second as tf.Tensor4D, 2, 'same'))
  return tf.matMul(tf.mean(second, [1, 2]) as tf.Tensor2D, weights.dense as tf.Tensor2D)
}

function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), targets)), batch))
}

function initialWeights(): Weights {
  const entries = Object.entries(shapes).map(([name, shape], i) => {
    const length = shape.reduce((product, size) => product * size, 1)
    const fanIn = length / (shape.at(-1) ?? 1)
    if (name === 'scale') return [name, tf.ones([...shape])]
    if (name === 'shift') return [name, tf.zeros([...shape])]
    return [
      name,
      tf.tensor(
        waves(length, i + 2).map((v) => v * Math.sqrt(4 / fanIn)),
        [...shape],
      ),
    ]
  })
  return Object.fromEntries(entries) as Weights
}

/** Values in −1 … 1 without a generator: a sine whose period fits no tensor's size. */
function waves(length: number, key: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * 12.9898 * key))
}
