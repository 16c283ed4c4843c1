/**
 * Cheaper gradients for every engine: TF.js's own multiply by host-made ones (Sum, Mean), loop over slices (Tile) or run
 * three kernels for one (Relu). Registration is global; doing it twice is harmless.
 */
import * as tf from '@tricklab/core/tf'

/** Registers the gradients of Sum, Mean, Tile and Relu over TF.js's. */
export function overrideGradients(): void {
  registerReduction('Sum')
  registerReduction('Mean')
  replaceGradient({
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => ({
      x: () => tileGradient(dy as tf.Tensor, saved[0]!.shape, attrs.reps as number[]),
    }),
  })
  replaceGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, saved) => ({
      x: () => {
        const y = saved[0]!
        // Only engines' own ReluGrad is used: without one, two plain kernels are as good and need no registration.
        if (tf.getKernel('ReluGrad', tf.getBackend()) === undefined) return tf.mul(dy as tf.Tensor, tf.step(y))
        return tf.engine().runKernel('ReluGrad', { dy: dy as tf.Tensor, y }) as tf.Tensor
      },
    }),
  })
}

function replaceGradient(config: tf.GradConfig): void {
  if (tf.getGradient(config.kernelName) !== undefined) tf.unregisterGradient(config.kernelName)
  tf.registerGradient(config)
}

/** Every summand has the gradient of its sum: dy, repeated; a mean's is divided by the number of summands. */
function registerReduction(kernelName: 'Sum' | 'Mean'): void {
  replaceGradient({
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => ({
      x: () => {
        const { shape } = saved[0]!
        const axes = tf.util.parseAxisParam(attrs.axis as number | number[], shape)
        const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
        const count = axes.reduce((product, axis) => product * shape[axis]!, 1)
        const scaled = kernelName === 'Mean' ? tf.mul(dy as tf.Tensor, 1 / count) : (dy as tf.Tensor)
        const reps = shape.map((length, axis) => (axes.includes(axis) ? length : 1))
        return shape.length === 0 ? scaled.clone() : tf.tile(tf.reshape(scaled, kept), reps)
      },
    }),
  })
}

/** Copies lie `length` apart along each axis: split every axis into [repeat, length] and sum over the repeats. */
function tileGradient(dy: tf.Tensor, shape: readonly number[], reps: readonly number[]): tf.Tensor {
  let sum = dy
  // One axis at a time keeps the rank low and each sum over neighbouring axes.
  for (const [axis, repeat] of reps.entries()) {
    if (repeat === 1) continue
    const before = sum.shape.slice(0, axis)
    const after = sum.shape.slice(axis + 1)
    const left = before.reduce((product, length) => product * length, 1)
    const right = [shape[axis]!, ...after].reduce((product, length) => product * length, 1)
    sum = tf.reshape(tf.sum(tf.reshape(sum, [left, repeat, right]), 1), [...before, shape[axis]!, ...after])
  }
  return sum === dy ? dy.clone() : sum
}
