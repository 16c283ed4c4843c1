/** Max and average pools and their gradients. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import type { Numbers } from '../storage.ts'
import { scratch } from './geometry.ts'
import { nativeKernel } from './register.ts'

interface PoolAddon {
  maxPool(shape: Int32Array, x: Numbers, y: Numbers): void
  avgPool(shape: Int32Array, x: Numbers, y: Numbers): void
  maxPoolGrad(shape: Int32Array, dy: Numbers, x: Numbers, dx: Numbers): void
  avgPoolGrad(shape: Int32Array, dy: Numbers, dx: Numbers): void
}

type Shape4 = [number, number, number, number]

/** Puts the numbers of native/pool/pool.h into `scratch`. */
function describe(shape: readonly number[], attrs: tf.MaxPoolAttrs) {
  const { filterSize, strides, pad, dimRoundingMode } = attrs
  const info = tf.backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode)
  scratch.set([
    info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.filterHeight, info.filterWidth,
    info.strideHeight, info.strideWidth, 1, 1, info.padInfo.top, info.padInfo.left, info.outHeight, info.outWidth,
  ]) // biome-ignore format: one line an object
  return info
}

/** Registers every kernel of this topic. */
export function registerPools(): void {
  const addon = addonFunctions<PoolAddon>()
  for (const [name, run] of [
    ['MaxPool', addon.maxPool],
    ['AvgPool', addon.avgPool],
  ] as const) {
    nativeKernel<tf.MaxPoolAttrs>(name, ({ inputs, attrs, backend, stock }) => {
      const x = inputs.x!
      if (x.dtype !== 'float32') return stock()
      const info = describe(x.shape, attrs)
      // As the cpu backend: a window of one that keeps the shape keeps the image, whatever the padding says.
      const alone = info.filterHeight === 1 && info.filterWidth === 1
      if (alone && tf.util.arraysEqual(x.shape, info.outShape)) return backend.view(x, x.shape)
      const y = backend.outputLike(x, info.outShape)
      run(scratch, backend.numbers(x), backend.numbers(y))
      return y
    })
  }
  nativeKernel<tf.MaxPoolAttrs>('MaxPoolGrad', ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    describe(input.shape, attrs)
    const dx = backend.outputLike(input)
    addon.maxPoolGrad(scratch, backend.numbers(dy, backend.storage(input)), backend.numbers(input), backend.numbers(dx))
    return dx
  })
  nativeKernel<tf.MaxPoolAttrs>('AvgPoolGrad', ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    describe(input.shape, attrs)
    const dx = backend.outputLike(dy, input.shape)
    addon.avgPoolGrad(scratch, backend.numbers(dy), backend.numbers(dx))
    return dx
  })
}
