import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EngineName, prepareEngine } from './index.ts'
import { addonPath, tensorflowFolder } from './tensorflow/layout.ts'

const cache = mkdtempSync(path.join(os.tmpdir(), 'tricklab-engine-'))
const cacheBefore = process.env.TRICKLAB_CACHE

beforeAll(() => {
  process.env.TRICKLAB_CACHE = cache
})

afterAll(() => {
  if (cacheBefore === undefined) delete process.env.TRICKLAB_CACHE
  else process.env.TRICKLAB_CACHE = cacheBefore
  rmSync(cache, { recursive: true })
})

/** Whether the native engine is there; a machine without a compiler has none. */
async function nativeIsBuilt(): Promise<boolean> {
  return prepareEngine('native').then(
    () => true,
    () => false,
  )
}

async function errorOf(name: string, options?: Parameters<typeof prepareEngine>[1]): Promise<TricklabError> {
  const error = await prepareEngine(name as EngineName, options).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(TricklabError)
  return error as TricklabError
}

test('auto takes native where it is built, else wasm, and says so', async () => {
  const built = await nativeIsBuilt()
  const notices: string[] = []
  const engine = await prepareEngine('auto', { onNotice: (message) => notices.push(message) })
  const name = built ? 'native' : 'wasm'
  expect(engine).toMatchObject({ name, backend: name, precision: 'f32' })
  expect(engine.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(tf.getBackend()).toBe(name)
  const why = built ? /^Engine native chosen\.$/ : /^Engine wasm chosen; native passed over: .*not built/
  expect(notices).toEqual([expect.stringMatching(why)])
})

test('a prepared engine computes; preparing another one switches to it', async () => {
  for (const name of ['cpu', 'wasm', 'cpu', ...((await nativeIsBuilt()) ? (['native'] as const) : [])] as const) {
    const engine = await prepareEngine(name)
    expect(tf.getBackend()).toBe(engine.backend)
    const sum = tf.tidy(() => tf.sum(tf.mul(tf.tensor1d([1, 2, 3]), 2)))
    expect(await sum.data()).toEqual(new Float32Array([12]))
    sum.dispose()
  }
})

test('the cheaper gradients are in place', async () => {
  await prepareEngine('cpu')
  // TF.js's gradient of Sum multiplies by ones that it makes on the host.
  expect(tf.getGradient('Sum').gradFunc.toString()).not.toContain('ones')
})

test('an unknown engine is answered with the nearest name', async () => {
  const error = await errorOf('wams')
  expect(error.code).toBe('E_ENGINE_UNKNOWN')
  expect(error.exitCode).toBe(2)
  expect(error.message).toBe(
    '[E_ENGINE_UNKNOWN] There is no engine "wams". Expected: one of: auto, native, wasm, tensorflow, webgpu, cpu. ' +
      'Received: "wams". Fix: did you mean "wasm"?',
  )
})

test('a name of Object.prototype is no engine', async () => {
  expect((await errorOf('constructor')).code).toBe('E_ENGINE_UNKNOWN')
})

describe.runIf(await nativeIsBuilt())('native, built', () => {
  test('uses every core, or as many threads as are asked for', async () => {
    const engine = await prepareEngine('native')
    expect(engine).toMatchObject({ name: 'native', backend: 'native', precision: 'f32' })
    expect(engine.threads).toBe(os.availableParallelism())
    expect(engine.details).toMatch(/^providers? .*portable.*, \S/)
    expect(await prepareEngine('native', { threads: 1 })).toMatchObject({ threads: 1 })
    const notices: string[] = []
    const crowd = os.availableParallelism() + 3
    const more = await prepareEngine('native', { threads: crowd, onNotice: (message) => notices.push(message) })
    expect(more.threads).toBe(crowd)
    expect(notices).toEqual([expect.stringMatching(/threads on \d+ cores are slower/)])
    expect(await prepareEngine('native')).toMatchObject({ threads: os.availableParallelism() })
  })

  test('refuses a slip of the finger', async () => {
    expect((await errorOf('native', { threads: 20_000 })).code).toBe('E_OPTION_RANGE')
  })

  test('bf16 works or is refused by name', async () => {
    const engine = await prepareEngine('native', { precision: 'bf16' }).catch((error: TricklabError) => error)
    if (engine instanceof TricklabError) expect(engine.code).toBe('E_PRECISION')
    else expect(engine.precision).toBe('bf16')
    await prepareEngine('native')
  })
})

test('tensorflow without its binary names the one command', async () => {
  const error = await errorOf('tensorflow')
  expect(error.code).toBe('E_ENGINE_UNAVAILABLE')
  expect(error.message).toMatch(/has no binary here.* Fix: pnpm lab engine install tensorflow$/)
})

test('tensorflow with a broken binary says what the linker says', async () => {
  const addon = path.join(tensorflowFolder(), addonPath)
  mkdirSync(path.dirname(addon), { recursive: true })
  writeFileSync(addon, 'not a library')
  writeFileSync(path.join(tensorflowFolder(), 'installed.json'), JSON.stringify({ gpu: true, version: '2.18.1' }))
  const error = await errorOf('tensorflow')
  expect(error.code).toBe('E_ENGINE_UNAVAILABLE')
  expect(error.message).toMatch(/installed but does not load: .*tfjs_binding\.node.* install tensorflow --gpu$/)
})

test.each(['wasm', 'cpu', 'tensorflow', 'webgpu'])('%s refuses bf16', async (name) => {
  const error = await errorOf(name, { precision: 'bf16' })
  expect(error.code).toBe('E_PRECISION')
  expect(error.message).toContain('Expected: one of: f32.')
})

test.each([0, -1, 1.5, Number.NaN])('%d is no number of threads', async (threads) => {
  expect((await errorOf('wasm', { threads })).code).toBe('E_OPTION_RANGE')
})

test.each(['wasm', 'cpu'])('%s refuses a second thread instead of ignoring it', async (name) => {
  const error = await errorOf(name, { threads: 2 })
  expect(error.message).toMatch(/^\[E_OPTION_RANGE\] The engine \w+ computes on one thread\..*Received: 2\./)
  await expect(prepareEngine(name as EngineName, { threads: 1 })).resolves.toMatchObject({ threads: 1 })
})
