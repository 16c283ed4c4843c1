/** Shapes as the native functions want them. */
import type { NativeBackend } from '../backend.ts'
import type { Inputs } from './register.ts'

type Info = Inputs[string]

/** Numbers for one call; large enough that V8 keeps it outside its heap, where native code reaches it at once. */
export const scratch = new Int32Array(64)

/** More axes than this stay with the cpu backend. */
export const mostAxes = 8

/** Elements between neighbours along each axis of a contiguous array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let run = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = run
    run *= shape[axis]!
  }
  return strides
}

/** The values of a tensor in the type of its dtype; `undefined` for strings and complex numbers. */
export function elementsOf(backend: NativeBackend, x: Info): Float32Array | Int32Array | Uint8Array | undefined {
  if (x.dtype === 'float32') return backend.floats(x)
  if (x.dtype === 'int32') return backend.ints(x)
  if (x.dtype === 'bool') return backend.bytes(x)
  return undefined
}

/** `[rows, channels]` of a tensor whose last axis is the channels. */
export function rowsAndChannels(shape: readonly number[]): [rows: number, channels: number] {
  const channels = shape.at(-1) ?? 1
  let rows = 1
  for (let axis = 0; axis < shape.length - 1; axis++) rows *= shape[axis]!
  return [rows, channels]
}
