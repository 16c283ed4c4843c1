/** Random tensors and comparison with TF.js's cpu backend, for the tests of this folder. */
import '@tensorflow/tfjs-backend-cpu'
import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { expect } from 'vitest'
import { registerNative } from '../src/index.ts'

/** Values of one float32 tensor. */
export interface Values {
  shape: number[]
  data: Float32Array
}

const rng = createRng(29)
let drawn = 0

/** Uniform values in [−1, 1), other ones at each call. */
export function randomValues(shape: readonly number[]): Values {
  const stream = rng.at(drawn++)
  const data = new Float32Array(tf.util.sizeFromShape([...shape]))
  for (let i = 0; i < data.length; i++) data[i] = stream.uniform() * 2 - 1
  return { shape: [...shape], data }
}

/** Whether the engine is built here, and registered. */
export function nativeIsThere(): boolean {
  try {
    registerNative()
    return true
  } catch (error) {
    // A machine without a compiler has no native engine; any other reason must fail the tests.
    if (!String((error as Error).message).includes('is not built')) throw error
    return false
  }
}

/** Runs a kernel on a backend and reads its output; nothing stays behind. */
export async function runOn(
  backend: string,
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
): Promise<Values> {
  await tf.setBackend(backend)
  const before = tf.memory()
  const result = tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([key, { shape, data }]) => [key, tf.tensor(data, shape, 'float32')]),
    )
    const output = tf.engine().runKernel(name, tensors, attrs as never) as unknown as tf.Tensor
    return { shape: output.shape, data: output.dataSync() as Float32Array }
  })
  const after = tf.memory()
  expect([after.numTensors, after.numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers])
  return result
}

/** Largest difference relative to the largest reference value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  let scale = 1e-6
  let worst = 0
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!))
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    if (!(difference <= worst)) worst = difference
  }
  return worst / scale
}

/** Expects the native kernel to give what the cpu backend gives, and the same bits when run again. */
export async function expectLikeCpu(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  tolerance = 1e-5,
): Promise<void> {
  const reference = await runOn('cpu', name, inputs, attrs)
  const ours = await runOn('native', name, inputs, attrs)
  const again = await runOn('native', name, inputs, attrs)
  const label = `${name} ${JSON.stringify(attrs)} ${JSON.stringify(Object.values(inputs).map(({ shape }) => shape))}`
  expect(ours.shape, label).toEqual(reference.shape)
  expect(relativeError(ours.data, reference.data), label).toBeLessThan(tolerance)
  expect(again.data, label).toEqual(ours.data)
}
