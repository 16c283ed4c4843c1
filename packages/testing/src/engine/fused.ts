/** What every kernel of a fused operation must do, whichever engine it runs on. */
import { createRng } from '@tricklab/core'
import type { Fused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { expect, test } from 'vitest'
import type { ShapedNumbers } from '../close.ts'
import { describeOnEngines, usualEngines } from './on-engines.ts'

/** float32 values of a tensor. */
export interface Values {
  readonly shape: number[]
  readonly data: Float32Array
}

/** One call of a fused operation, and what comes out of it in float64. */
export interface FusedCase<Attrs = object> {
  readonly name: string
  readonly inputs: { readonly [name: string]: Values }
  readonly attrs: Attrs
  readonly outputs: readonly ShapedNumbers[]
  /** Largest difference, relative to the largest number of the output; default 2e-6. */
  readonly tolerance?: number
}

/** Draws values that are even in [shift − scale, shift + scale): others at each call, the same in every run. */
export function createValues(seed: number): (shape: readonly number[], scale?: number, shift?: number) => Values {
  const rng = createRng(seed)
  let drawn = 0
  return (shape, scale = 1, shift = 0) => {
    const stream = rng.at(drawn++)
    const size = shape.reduce((product, length) => product * length, 1)
    return {
      shape: [...shape],
      data: Float32Array.from({ length: size }, () => (stream.uniform() * 2 - 1) * scale + shift),
    }
  }
}

/** The token of any operation: its inputs are named by the cases. */
type AnyFused<Attrs> = Pick<Fused<never, Attrs, tf.Tensor[]>, 'name' | 'run'>

/** Runs an operation once and reads its outputs; no tensor may stay behind, and no input change. */
export async function runFused<Attrs>(
  operation: AnyFused<Attrs>,
  inputs: FusedCase['inputs'],
  attrs: Attrs,
): Promise<Values[]> {
  const names = Object.keys(inputs)
  const tensors = names.map((name) => tf.tensor(inputs[name]!.data, inputs[name]!.shape, 'float32'))
  const before = tf.memory()
  const given = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]))
  const outputs = tf.tidy(() => operation.run(given as never, attrs))
  const read = await Promise.all(
    outputs.map(async (output) => ({ shape: output.shape, data: (await output.data()) as Float32Array })),
  )
  tf.dispose(outputs)
  const after = tf.memory()
  expect([after.numTensors, after.numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers])
  for (const [i, name] of names.entries()) {
    expect(sameBits((await tensors[i]!.data()) as Float32Array, inputs[name]!.data), `${name} unchanged`).toBe(true)
  }
  tf.dispose(tensors)
  return read.map(({ shape, data }) => ({ shape, data: data.slice() }))
}

/**
 * Declares the tests of a fused operation, once an engine: shapes and numbers are those of the cases, the same bits come
 * out when a call is repeated, no tensor is left over and no input changed. An engine without a kernel of its own runs the
 * composed version, which has to do the same.
 * @param engines default: `cpu`, `wasm`, and `native` where it is built
 */
export function fusedContract<Attrs>(
  operation: AnyFused<Attrs>,
  cases: readonly FusedCase<Attrs>[],
  engines = usualEngines,
): void {
  describeOnEngines(
    `kernel ${operation.name}`,
    () => {
      test.each(cases)('$name', async ({ inputs, attrs, outputs, tolerance = 2e-6 }) => {
        const first = await runFused(operation, inputs, attrs)
        const again = await runFused(operation, inputs, attrs)
        for (const [i, { data }] of first.entries())
          expect(sameBits(data, again[i]!.data), 'same bits again').toBe(true)
        expect(first.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => [...shape]))
        for (const [i, { data }] of outputs.entries()) {
          expect(relativeError(first[i]!.data, data), `output ${i}`).toBeLessThan(tolerance)
        }
      })
    },
    engines,
  )
}

/** What `toEqual` says of two arrays, in a thousandth of the time, and −0 is not 0. */
export function sameBits(one: Float32Array, other: Float32Array): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength)
  return bytes(one).equals(bytes(other))
}

/** Largest difference, relative to the largest reference value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let scale = 1e-6
  let worst = 0
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!))
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    // A NaN compares false with everything; it must not pass for a small difference.
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return worst / scale
}
