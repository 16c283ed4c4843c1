import type { NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { violate } from './check.ts'

/** The values of a tensor, copied: an engine may hand out its own memory. */
export async function valuesOf(tensor: tf.Tensor): Promise<Float32Array> {
  return Float32Array.from(await tensor.data())
}

/** How many elements differ by their bits; −1 for another length. */
export function countDifferent(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1
  const left = new Uint32Array(a.buffer, a.byteOffset, a.length)
  const right = new Uint32Array(b.buffer, b.byteOffset, b.length)
  let count = 0
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) count++
  return count
}

/** Fails unless two arrays hold the same bits. */
export function expectSameBits(what: string, a: Float32Array, b: Float32Array): void {
  const count = countDifferent(a, b)
  if (count === 0) return
  const size = count < 0 ? `${a.length} and ${b.length} numbers` : `${count} of ${a.length} numbers differ`
  violate(`${what}: ${size}`)
}

/** Fails when a number is NaN or infinite. */
export function expectFinite(what: string, values: ArrayLike<number>): void {
  const index = Array.from(values).findIndex((value) => !Number.isFinite(value))
  if (index >= 0) violate(`${what} is not finite: element ${index} of ${values.length} is ${values[index]}`)
}

/** The values of parameters by path. */
export async function snapshotParams(params: readonly NamedParam[]): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>()
  for (const { path, value } of params) values.set(path, await valuesOf(value))
  return values
}

/** Fails unless two snapshots hold the same paths and bits. */
export function expectSameParams(what: string, a: Map<string, Float32Array>, b: Map<string, Float32Array>): void {
  const paths = [...new Set([...a.keys(), ...b.keys()])]
  for (const path of paths) {
    const [left, right] = [a.get(path), b.get(path)]
    if (left === undefined || right === undefined) violate(`${what}: only one of the two has "${path}"`)
    expectSameBits(`${what}: "${path}"`, left, right)
  }
}

/** Copies values from one list of parameters to an equal one. */
export function copyParams(from: readonly NamedParam[], to: readonly NamedParam[]): void {
  for (const [index, { value }] of to.entries()) value.assign(from[index]!.value as tf.Tensor)
}

interface Memory {
  readonly numTensors: number
  readonly numBytes: number
}

export function memory(): Memory {
  const { numTensors, numBytes } = tf.memory()
  return { numTensors, numBytes }
}

/** Fails when tensors are left that were not there before. */
export function expectNoLeak(when: string, before: Memory, after = memory()): void {
  const tensors = after.numTensors - before.numTensors
  const bytes = after.numBytes - before.numBytes
  if (tensors === 0 && bytes === 0) return
  if (tensors < 0) violate(`${when}: ${-tensors} tensors too many are disposed of`)
  violate(`${when}: ${tensors} ${tensors === 1 ? 'tensor is' : 'tensors are'} left (${bytes} bytes)`)
}
