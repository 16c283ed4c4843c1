import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { load, loadAddon } from '../src/addon.ts'
import { NativeBackend } from '../src/backend.ts'
import { nativeProvider, nativeThreads } from '../src/index.ts'
import { takeProviderOfEnvironment } from '../src/kernels/precision.ts'
import { nativeKernel } from '../src/kernels/register.ts'
import { BufferPool, sizeClass } from '../src/pool.ts'
import { nativeIsThere } from './compare.ts'

function errorOf(run: () => unknown): TricklabError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(TricklabError)
    return error as TricklabError
  }
  throw new Error('nothing was thrown')
}

describe('loading', () => {
  test('a missing binary names the compiler and the command', () => {
    const error = errorOf(() => load('/nonexistent/engine.node'))
    expect(error.code).toBe('E_ENGINE_UNAVAILABLE')
    expect(error.message).toMatch(/is not built.*C\+\+17 compiler.*build\.mjs/)
  })

  test.each([
    ['another processor', { cpu: { model: 'Other', features: ['avx1024'] } }, /processor with avx1024/],
    ['another processor without features', { cpu: { model: 'Other', features: [] } }, /built for Other, this is/],
    ['another platform', { platform: 'plan9' }, /built for plan9/],
    ['a newer Node', { napi: 99 }, /Node-API 99/],
    ['something that is no library', {}, /does not load/],
  ])('a binary for %s is refused by name', (_name, change, message) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-addon-'))
    try {
      writeFileSync(path.join(folder, 'engine.node'), 'not a library')
      const { platform, arch } = process
      const build = { platform, arch, napi: 8, cpu: { model: os.cpus()[0]?.model.trim(), features: [] }, ...change }
      writeFileSync(path.join(folder, 'build.json'), JSON.stringify(build))
      const error = errorOf(() => load(path.join(folder, 'engine.node')))
      expect(error.code).toBe('E_ENGINE_UNAVAILABLE')
      expect(error.message).toMatch(message)
      expect(error.message).toMatch(/build\.mjs/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe.runIf(nativeIsThere())('the provider of the environment', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    nativeProvider('auto')
  })

  test('is taken', () => {
    vi.stubEnv('TRICKLAB_NATIVE_PROVIDER', 'portable')
    takeProviderOfEnvironment()
    expect(nativeProvider()).toBe('portable')
  })

  test('is an error where it is not there, and changes nothing', () => {
    vi.stubEnv('TRICKLAB_NATIVE_PROVIDER', 'onednnn')
    const error = errorOf(takeProviderOfEnvironment)
    expect(error.code).toBe('E_ENGINE_UNAVAILABLE')
    expect(error.message).toMatch(/TRICKLAB_NATIVE_PROVIDER names 'onednnn'.*auto, .*portable/)
    expect(nativeProvider()).toBe('auto')
  })
})

describe.runIf(nativeIsThere())('native memory', () => {
  beforeEach(async () => {
    await tf.setBackend('native')
  })

  const backend = () => tf.backend() as NativeBackend
  const what = () => 'a tensor [9]'

  test('size classes hold what they are asked for and waste an eighth at most', () => {
    for (let bytes = 1; bytes < 3e8; bytes = Math.ceil(bytes * 1.37)) {
      const size = sizeClass(bytes)
      expect(size).toBeGreaterThanOrEqual(bytes)
      expect(size).toBeLessThanOrEqual(Math.max(64, bytes * 1.126 + 64))
      expect(sizeClass(size)).toBe(size)
    }
  })

  test('a block is used again, at an address that vectors like', () => {
    const pool = new BufferPool(loadAddon().functions)
    const block = pool.take(1000, what)
    pool.give(block)
    expect(pool.take(990, what)).toBe(block)
    expect(pool.owns(block.buffer)).toBe(true)
    expect(pool.owns(new ArrayBuffer(8))).toBe(false)
    expect(pool.statistics()).toEqual({ live: 1024, cached: 0, peak: 1024 })
  })

  test('trimming frees the memory and detaches its views', () => {
    const addon = loadAddon().functions
    const pool = new BufferPool(addon)
    const before = addon.allocated()
    const block = pool.take(2 ** 22, what)
    const view = new Float32Array(block.buffer)
    expect(addon.allocated() - before).toBe(2 ** 22)
    pool.give(block)
    pool.trim()
    expect(addon.allocated()).toBe(before)
    expect(view.length).toBe(0)
  })

  test('free blocks stay a small part of what was in use', () => {
    const pool = new BufferPool(loadAddon().functions)
    // Sizes that never fit each other's blocks.
    for (let i = 0; i < 200; i++) pool.give(pool.take(2 ** 20 * (1 + (i % 50)), what))
    const { cached, peak } = pool.statistics()
    expect(cached).toBeLessThan(peak * 1.1 + 2 ** 26)
    pool.trim()
    expect(pool.statistics().cached).toBe(0)
  })

  test('running out of memory is an error with a code, and what was there stays usable', () => {
    const pool = new BufferPool(loadAddon().functions, { limit: 2 ** 20 })
    const kept = pool.take(2 ** 19, what)
    const error = errorOf(() => pool.take(2 ** 20, what))
    expect([error.code, error.exitCode]).toEqual(['E_OUT_OF_MEMORY', 4])
    expect(error.message).toMatch(
      /no memory for a tensor \[9\] of 1 MiB\. Expected: at most 1 MiB in all\. Received: 0\.500 MiB in use already\. Fix: lower the batch/,
    )
    pool.give(kept)
    expect(() => pool.take(2 ** 20, what)).not.toThrow()
  })

  test('what the system can still give is a limit too, and free blocks go first', () => {
    const mebi = 2 ** 20
    const addon = loadAddon().functions
    const before = addon.allocated()
    // An eighth of it is left to the rest of the process.
    const available = () => 64 * mebi - (addon.allocated() - before)
    const pool = new BufferPool(addon, { available })
    const kept = pool.take(28 * mebi, what)
    pool.give(pool.take(24 * mebi, what))
    expect(pool.statistics()).toMatchObject({ live: 28 * mebi, cached: 24 * mebi })
    const other = pool.take(26 * mebi, what)
    expect(pool.statistics()).toMatchObject({ live: 54 * mebi, cached: 0 })
    const error = errorOf(() => pool.take(3 * mebi, what))
    expect(error.code).toBe('E_OUT_OF_MEMORY')
    expect(error.message).toMatch(/a tensor \[9\] of 3 MiB\. Expected: at most 56 MiB in all\. Received: 54 MiB in use/)
    for (const block of [kept, other]) pool.give(block)
    expect(() => pool.give(pool.take(52 * mebi, what))).not.toThrow()
    pool.trim()
  })

  test('the system is asked once for many small blocks', () => {
    let asked = 0
    const pool = new BufferPool(loadAddon().functions, {
      available() {
        asked++
        return 2 ** 40
      },
    })
    for (let i = 1; i <= 500; i++) pool.take(i * 1000, what)
    expect(asked).toBe(1)
  })

  test('a tensor larger than the machine is refused, and nothing is left of it', () => {
    const { numTensors } = tf.memory()
    // 2⁴⁰ elements.
    const error = errorOf(() => tf.tidy(() => tf.fill([2 ** 20, 2 ** 20], 1)))
    expect(error.code).toBe('E_OUT_OF_MEMORY')
    expect(error.message).toContain('a tensor [1048576, 1048576] of 4,194,304 MiB')
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(tf.tidy(() => tf.add(1, 1).dataSync()[0])).toBe(2)
  })

  test("a kernel's own array or workspace that there is no memory for is told by the kernel's name", () => {
    nativeKernel('TestGreedy', () => {
      throw Object.assign(new RangeError('no memory'), { code: 'E_OUT_OF_MEMORY' })
    })
    const greedy = errorOf(() => tf.engine().runKernel('TestGreedy', {}))
    tf.unregisterKernel('TestGreedy', 'native')
    // One of the cpu backend's.
    const borrowed = errorOf(() => tf.tidy(() => tf.linspace(0, 1, 2 ** 45)))
    expect([greedy, borrowed].map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^\[E_OUT_OF_MEMORY\] There is no memory for what the kernel TestGreedy works on\. Fix: lower/,
      ),
      expect.stringMatching(/^\[E_OUT_OF_MEMORY\] There is no memory for what the kernel LinSpace works on/),
    ])
  })

  test('10,000 steps leave nothing behind', () => {
    const step = () =>
      tf.tidy(() => {
        const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])
        const y = tf.relu(tf.sub(tf.mul(x, 2), tf.mean(x, 0)))
        return tf.sum(tf.concat([y, tf.transpose(tf.transpose(y))], 0)).dataSync()[0]
      })
    const expected = step()
    for (let i = 0; i < 100; i++) step()
    const addon = loadAddon().functions
    const before = [tf.memory().numTensors, tf.memory().numDataBuffers, addon.allocated()]
    for (let i = 0; i < 10_000; i++) step()
    expect(step()).toBe(expected)
    expect([tf.memory().numTensors, tf.memory().numDataBuffers, addon.allocated()]).toEqual(before)
  })

  test('what was read is not overwritten by later kernels', async () => {
    const x = tf.tensor1d([1, 2, 3])
    const sync = x.dataSync()
    const later = await x.data()
    const buffer = x.bufferSync().values
    const part = tf.slice(x, [1], [2])
    x.dispose()
    for (let i = 0; i < 50; i++) tf.fill([3], 9).dispose()
    expect([[...sync], [...later], [...buffer]]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect([...part.dataSync()]).toEqual([2, 3])
    part.dispose()
  })

  test('a tensor keeps its values when the array that it was made from changes', () => {
    const array = Float32Array.of(1, 2, 3)
    const x = tf.tensor1d(array)
    array.fill(7)
    expect([...x.dataSync()]).toEqual([1, 2, 3])
    const read = x.dataSync()
    read.fill(8)
    expect([...x.dataSync()]).toEqual([1, 2, 3])
    x.dispose()
  })

  test('a view outlives its original', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2])
    const copy = x.clone()
    const flat = tf.reshape(x, [4])
    x.dispose()
    for (let i = 0; i < 20; i++) tf.fill([4], 9).dispose()
    expect([...copy.dataSync(), ...flat.dataSync()]).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
    tf.dispose([copy, flat])
  })

  test('a tensor moves over from another backend and back', async () => {
    await tf.setBackend('cpu')
    const x = tf.tensor1d([1, 2, 3])
    await tf.setBackend('native')
    const y = tf.add(x, 1)
    await tf.setBackend('cpu')
    const z = tf.add(y, 1)
    expect([...z.dataSync()]).toEqual([3, 4, 5])
    tf.dispose([x, y, z])
  })

  test('tensors without elements work', () => {
    tf.tidy(() => {
      const none = tf.zeros([0, 3])
      expect(tf.relu(none).shape).toEqual([0, 3])
      expect(tf.add(none, tf.ones([3])).dataSync()).toHaveLength(0)
      expect([...tf.sum(none, 0).dataSync()]).toEqual([0, 0, 0])
      expect(tf.concat([none, tf.ones([2, 3])], 0).shape).toEqual([2, 3])
      expect(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync()).toEqual(new Float32Array(6))
      expect(tf.transpose(none).shape).toEqual([3, 0])
      expect(tf.maxPool(tf.zeros([0, 4, 4, 2]) as tf.Tensor4D, 2, 2, 'valid').shape).toEqual([0, 2, 2, 2])
    })
  })

  test('the backend tells what its pool holds', () => {
    const before = backend().pool.statistics().live
    const x = tf.zeros([1024])
    expect(backend().pool.statistics().live - before).toBe(4096)
    expect(tf.memory()).toMatchObject({ unreliable: false, nativeLiveBytes: before + 4096 })
    x.dispose()
  })

  test('an argument that does not fit is refused by the addon', () => {
    const addon = loadAddon().functions as unknown as Record<string, (...values: unknown[]) => unknown>
    const five = new Float32Array(5)
    expect(() => addon.unary!(0, five, 6, 0, 0, five)).toThrow(/expected a Float32Array of at least 6/)
    expect(() => addon.unary!(0, new Int32Array(5), 5, 0, 0, five)).toThrow(/argument 1: expected a Float32Array/)
    expect(() => addon.unary!(0, five, -1, 0, 0, five)).toThrow(/argument 2: expected a whole number from 0 up/)
    expect(() => addon.unary!(0, five, 1.5, 0, 0, five)).toThrow(/argument 2: expected a whole number/)
    expect(() => addon.unary!()).toThrow(/expected/)
    const box = Int32Array.from([3, 2, 1])
    expect(() => addon.copyBox!(five, 0, five, 0, 1, box, 4)).not.toThrow()
    expect(() => addon.copyBox!(five, 1, five, 0, 1, box, 4)).toThrow(/the source reaches outside/)
    expect(() => addon.copyBox!(five, 0, five, 3, 1, box, 4)).toThrow(/the target reaches outside/)
  })

  test('any number of threads gives nearly the same sums, and each the same bits every time', () => {
    const all = nativeThreads()
    try {
      const sums = [1, 2, 3, 7].map((count) => {
        expect(nativeThreads(count)).toBe(count)
        const run = () => tf.tidy(() => tf.sum(tf.sin(tf.range(0, 300_000))).dataSync()[0]!)
        const first = run()
        expect(run()).toBe(first)
        return first
      })
      for (const sum of sums) expect(sum).toBeCloseTo(sums[0]!, 4)
    } finally {
      nativeThreads(all)
    }
  })

  test('a second backend has a pool of its own', () => {
    const other = new NativeBackend()
    const x = other.output([16])
    expect(other.pool.statistics().live).toBe(64)
    other.disposeData(x.dataId)
    expect(other.pool.statistics()).toEqual({ live: 0, cached: 64, peak: 64 })
    other.dispose()
    expect(other.pool.statistics().cached).toBe(0)
  })
})
