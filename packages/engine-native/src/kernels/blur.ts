/** Blur pooling and its adjoint: BlurPool and BlurPoolGrad. */
import type * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import type { Numbers } from '../storage.ts'
import { scratch } from './geometry.ts'
import { nativeKernel } from './register.ts'

/** A filter along both axes of an image, with subsampling; positions outside are mirrored, or 0. */
interface BlurPoolAttrs {
  taps: number[]
  stride: number
  padding: number[]
  border: 'reflect' | 'zero'
}

interface BlurAddon {
  blurPool(sizes: Int32Array, taps: Float32Array, x: Numbers, y: Numbers): void
  blurPoolGrad(sizes: Int32Array, taps: Float32Array, dy: Numbers, dx: Numbers): void
}

/** Puts the numbers that native/binding/blur.cc wants into `scratch`; the shape of the blurred images. */
function describe(shape: readonly number[], { taps, stride, padding, border }: BlurPoolAttrs): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const blurred = (size: number) => Math.floor((size + padding[0]! + padding[1]! - taps.length) / stride) + 1
  const [rows, columns] = [blurred(height), blurred(width)]
  scratch.set([batch, height, width, channels, rows, columns, stride, padding[0]!, border === 'reflect' ? 1 : 0])
  return [batch, rows, columns, channels]
}

/** Registers every kernel of this topic. */
export function registerBlurs(): void {
  const addon = addonFunctions<BlurAddon>()
  nativeKernel<BlurPoolAttrs>('BlurPool', ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo
    const y = backend.outputLike(x, describe(x.shape, attrs))
    addon.blurPool(scratch, Float32Array.from(attrs.taps), backend.numbers(x), backend.numbers(y))
    return y
  })
  nativeKernel<BlurPoolAttrs & { height: number; width: number }>('BlurPoolGrad', ({ inputs, attrs, backend }) => {
    const dy = inputs.dy as tf.TensorInfo
    const shape = [dy.shape[0]!, attrs.height, attrs.width, dy.shape[3]!]
    describe(shape, attrs)
    const dx = backend.outputLike(dy, shape)
    addon.blurPoolGrad(scratch, Float32Array.from(attrs.taps), backend.numbers(dy), backend.numbers(dx))
    return dx
  })
}
