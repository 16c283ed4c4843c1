import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { beforeAll, describe, expect, test } from 'vitest'
import { prepareWasm } from './index.ts'
import { moduleOf } from './register.ts'

const mebi = 2 ** 20
const backend = () => tf.backend() as BackendWasm
const heap = () => (backend().wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8

beforeAll(async () => {
  await prepareWasm()
})

/** The error of a refusal, which must leave nothing behind and must not touch what lies at address 0. */
function refusalOf(run: () => unknown): TricklabError {
  const { numTensors, numDataBuffers } = tf.memory()
  const start = heap().slice(0, 4096)
  try {
    tf.tidy(() => void run())
  } catch (error) {
    expect(error).toBeInstanceOf(TricklabError)
    expect(heap().slice(0, 4096)).toEqual(start)
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([numTensors, numDataBuffers])
    return error as TricklabError
  }
  throw new Error('nothing was thrown')
}

test.each([
  ['4 GiB and one value', 2 ** 30 + 1],
  ['16 GiB', 2 ** 32],
])('%s do not pass for the few bytes that 32 bits see of them', (_name, size) => {
  expect(refusalOf(() => tf.fill([size], 1)).code).toBe('E_OUT_OF_MEMORY')
})

describe('a memory filled to its end', () => {
  let x: tf.Tensor1D
  const filling: { from: number; to: number }[] = []

  beforeAll(() => {
    x = tf.range(0, 3 * mebi)
    // Outputs that nobody writes take room in the module, but no pages of the machine.
    for (let bytes = 512 * mebi; bytes >= mebi; bytes /= 2) {
      try {
        for (;;) {
          const { dataId } = backend().makeOutput([bytes / 4], 'float32')
          const from = backend().getMemoryOffset(dataId as never)
          filling.push({ from, to: from + bytes })
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_OUT_OF_MEMORY' })
      }
    }
  })

  test('holds nearly 4 GiB, and no tensor lies on another or beyond the end', () => {
    const sorted = filling.sort((a, b) => a.from - b.from)
    expect(sorted.reduce((sum, { from, to }) => sum + to - from, 0)).toBeGreaterThan(4000 * mebi)
    for (const [i, { from, to }] of sorted.entries()) {
      expect(to).toBeLessThanOrEqual(sorted[i + 1]?.from ?? heap().byteLength)
      expect(from).toBeGreaterThan(0)
    }
  })

  test.each<[string, () => unknown]>([
    ['an upload', () => tf.tensor1d(new Float32Array(3 * mebi))],
    ['a fill', () => tf.fill([3 * mebi], 1)],
    ['a fill of whole numbers', () => tf.fill([3 * mebi], 1, 'int32')],
    ["TF.js's relu", () => tf.relu(x)],
    ["TF.js's slice", () => tf.slice(x, [1], [2 * mebi])],
    ['our sum of two', () => tf.add(x, 1)],
    ['our matrix product', () => tf.matMul(tf.reshape(x, [-1, 1]) as tf.Tensor2D, tf.tensor2d([1], [1, 1]))],
  ])('refuses %s, and no value at address 0 changes', (_name, run) => {
    const error = refusalOf(run)
    expect([error.code, error.exitCode]).toEqual(['E_OUT_OF_MEMORY', 4])
    expect(error.message).toMatch(
      /a tensor \[.*\d\] of \d+ MiB\. Expected: at most 4,096 MiB in all\. Received: 4,0\d\d MiB in use already\. Fix: lower the batch size/,
    )
  })

  test('refuses scratch memory', () => {
    const error = refusalOf(() => moduleOf(backend()).workspace(8 * mebi, () => {}))
    expect(error.message).toMatch(/\[E_OUT_OF_MEMORY\] There is no memory for scratch memory of a kernel of 9 MiB/)
  })

  test('keeps a piece free for what kernels of TF.js take inside', () => {
    const { asm, _free } = backend().wasm as unknown as {
      asm: { malloc(bytes: number): number }
      _free(address: number): void
    }
    const taken = asm.malloc(3 * mebi) >>> 0
    expect(taken).not.toBe(0)
    _free(taken)
  })

  test('keeps its values, and small tensors can still be computed', () => {
    const last = 3 * mebi - 1
    expect(tf.tidy(() => tf.relu(tf.slice(x, [last], [1])).dataSync()[0])).toBe(last)
    x.dispose()
  })
})
