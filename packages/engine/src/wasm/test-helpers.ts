/** Random tensors and comparison with TF.js's cpu backend, for the tests of this folder. */
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { expect } from 'vitest'

/** Values of one tensor. */
export interface Values {
  shape: number[]
  data: Float32Array | Int32Array
}

/** Seeded generator of numbers in [0, 1): a linear congruence is random enough for test data. */
export function createRandom(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Uniform values in [−1, 1). */
export function randomValues(random: () => number, shape: number[], scale = 1, shift = 0): Values {
  const data = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < data.length; i++) data[i] = (random() * 2 - 1) * scale + shift
  return { shape, data }
}

/** Runs a kernel on a backend and reads all its outputs; nothing stays behind. */
export async function runOn(
  backend: string,
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
): Promise<{ shapes: number[][]; outputs: Float32Array[] }> {
  await tf.setBackend(backend)
  const before = tf.memory()
  const result = tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([key, { shape, data }]) => [
        key,
        tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32'),
      ]),
    )
    const raw = tf.engine().runKernel(name, tensors, attrs as never) as unknown as tf.Tensor | tf.Tensor[]
    const outputs = Array.isArray(raw) ? raw : [raw]
    return { shapes: outputs.map(({ shape }) => shape), outputs: outputs.map((o) => o.dataSync() as Float32Array) }
  })
  const after = tf.memory()
  expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([
    before.numTensors,
    before.numDataBuffers,
    before.numBytes,
  ])
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

/** Expects the wasm kernel to give what the cpu backend gives, and the same bits when run again. */
export async function expectLikeCpu(
  name: string,
  inputs: Record<string, Values>,
  attrs: object,
  tolerance = 1e-5,
): Promise<void> {
  const reference = await runOn('cpu', name, inputs, attrs)
  const ours = await runOn('wasm', name, inputs, attrs)
  const again = await runOn('wasm', name, inputs, attrs)
  const label = `${name} ${JSON.stringify(attrs)} ${JSON.stringify(Object.values(inputs).map(({ shape }) => shape))}`
  expect(ours.shapes, label).toEqual(reference.shapes)
  for (const [i, output] of ours.outputs.entries()) {
    expect(relativeError(output, reference.outputs[i]!), label).toBeLessThan(tolerance)
    expect(again.outputs[i], label).toEqual(output)
  }
}
