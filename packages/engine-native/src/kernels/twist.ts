/** Slopes of a ConvTwist and their adjoint: TwistedSlopes and TwistedSlopesGrad. */
import type * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import { scratch } from './geometry.ts'
import { nativeKernel } from './register.ts'

interface TwistAddon {
  twistedSlopes(sizes: Int32Array, x: Float32Array, z: Float32Array): void
  twistedSlopesGrad(sizes: Int32Array, dz: Float32Array, dx: Float32Array): void
}

/** Registers every kernel of this topic. */
export function registerTwists(): void {
  const addon = addonFunctions<TwistAddon>()
  nativeKernel<{ stride: number }>('TwistedSlopes', ({ inputs, attrs: { stride }, backend }) => {
    const x = inputs.x as tf.TensorInfo
    const [batch, height, width, channels] = x.shape as [number, number, number, number]
    const reached = (size: number) => Math.floor((size - 1) / stride) + 1
    const z = backend.output([batch, reached(height), reached(width), 2 * channels])
    scratch.set([batch, height, width, channels, stride])
    addon.twistedSlopes(scratch, backend.floats(x), backend.floats(z))
    return z
  })
  nativeKernel<{ stride: number; height: number; width: number }>(
    'TwistedSlopesGrad',
    ({ inputs, attrs: { stride, height, width }, backend }) => {
      const dz = inputs.dz as tf.TensorInfo
      const [batch, , , parts] = dz.shape as [number, number, number, number]
      const shape = [batch, height, width, parts / 2]
      const dx = backend.output(shape)
      scratch.set([...shape, stride])
      addon.twistedSlopesGrad(scratch, backend.floats(dz), backend.floats(dx))
      return dx
    },
  )
}
