import type { Json, Loss, Metric, Optimizer } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** Mean cross-entropy against soft targets, of plain operations. */
export const tinyLoss: Loss = {
  apply: (scores, targets) => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(scores)), 1))) as tf.Scalar,
}

/** Gradient descent with momentum: a state that resuming must bring back. */
export function createTinyOptimizer(): Optimizer {
  const velocities = new Map<string, tf.Tensor>()
  const dispose = () => {
    tf.dispose([...velocities.values()])
    velocities.clear()
  }
  return {
    step(params, gradients, { learningRate, momentum = 0.9 }) {
      for (const [index, { path, value, learningRate: factor = 1 }] of params.entries()) {
        const before = velocities.get(path)
        const velocity = tf.tidy(() =>
          before === undefined ? tf.clone(gradients[index]!) : tf.add(tf.mul(before, momentum), gradients[index]!),
        )
        before?.dispose()
        velocities.set(path, tf.keep(velocity))
        tf.tidy(() => value.assign(tf.sub(value, tf.mul(velocity, learningRate * factor))))
      }
    },
    state: () => Object.fromEntries(velocities),
    restore(state) {
      const copies = Object.entries(state).map(([path, tensor]) => [path, tf.clone(tensor)] as const)
      dispose()
      for (const [path, copy] of copies) velocities.set(path, tf.keep(copy))
    },
    dispose,
  }
}

/** Mean of Σ_k targets_k · softmax(scores)_k over the samples. */
export function createTinyMetric(): Metric {
  let sum = 0
  let samples = 0
  return {
    name: 'agreement',
    better: 'higher',
    async update(scores, targets) {
      const agreement = tf.tidy(() => tf.sum(tf.mul(tf.softmax(scores), targets)))
      sum += (await agreement.data())[0]!
      samples += scores.shape[0]
      agreement.dispose()
    },
    compute: () => sum / samples,
    reset() {
      sum = 0
      samples = 0
    },
    state: () => ({ sum, samples }),
    restore(state: Json) {
      ;({ sum, samples } = state as { sum: number; samples: number })
    },
  }
}
