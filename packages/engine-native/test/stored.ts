/** Tensors that are stored as bf16, for the tests of this folder. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../src/addon.ts'
import { NativeBackend } from '../src/backend.ts'
import type { Values } from './compare.ts'

interface StorageAddon {
  widen(halves: Uint16Array, count: number, floats: Float32Array): void
  narrow(floats: Float32Array, count: number, halves: Uint16Array): void
}

/** Numbers as bf16. */
export function halvesOf(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length)
  addonFunctions<StorageAddon>().narrow(floats, floats.length, halves)
  return halves
}

/** Values as bf16 holds them. */
export function rounded({ shape, data }: Values): Values {
  const floats = new Float32Array(data.length)
  addonFunctions<StorageAddon>().widen(halvesOf(data), data.length, floats)
  return { shape, data: floats }
}

/** A tensor of the backend `native` that is stored as bf16. */
export function stored({ shape, data }: Values): tf.Tensor {
  const backend = tf.backend() as NativeBackend
  const { dataId } = backend.output(shape, 'float32', 'bf16')
  const x = tf.engine().makeTensorFromDataId(dataId, shape, 'float32', backend)
  const numbers = backend.numbers(x)
  addonFunctions<StorageAddon>().narrow(data, data.length, numbers as Uint16Array)
  return x
}

/**
 * Makes the backend store as bf16 what is written as float32 and what bf16 holds without rounding. Returns what undoes
 * that.
 */
export function storeWrittenAsBf16(): () => void {
  const { write, floatPrecision } = NativeBackend.prototype
  const isHeld = ({ buffer, byteOffset, length }: Float32Array) =>
    new Uint32Array(buffer, byteOffset, length).every((bits) => (bits & 0xffff) === 0)
  NativeBackend.prototype.write = function (values, shape, dtype) {
    if (dtype !== 'float32' || !(values instanceof Float32Array) || !isHeld(values)) {
      return write.call(this, values, shape, dtype)
    }
    const x = this.output(shape, 'float32', 'bf16')
    addonFunctions<StorageAddon>().narrow(values, values.length, this.numbers(x) as Uint16Array)
    return x.dataId
  }
  // By which TF.js's suite chooses its tolerance.
  NativeBackend.prototype.floatPrecision = () => 16
  return () => {
    NativeBackend.prototype.write = write
    NativeBackend.prototype.floatPrecision = floatPrecision
  }
}
