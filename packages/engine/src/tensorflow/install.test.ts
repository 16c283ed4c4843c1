import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { findCompiler } from './compile.ts'
import { type InstallProgress, installTensorflow } from './install.ts'
import { addonPath, findTensorflow, tensorflowFolder } from './layout.ts'
import { makeZip } from './test-archives.ts'
import { archiveKind, unpackLibrary } from './unpack.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-install-'))
const cacheBefore = process.env.TRICKLAB_CACHE
const compiler = await findCompiler()

beforeAll(() => {
  process.env.TRICKLAB_CACHE = path.join(folder, 'cache')
})

afterEach(() => rmSync(path.join(folder, 'cache'), { recursive: true, force: true }))

afterAll(() => {
  if (cacheBefore === undefined) delete process.env.TRICKLAB_CACHE
  else process.env.TRICKLAB_CACHE = cacheBefore
  rmSync(folder, { recursive: true })
})

const wheelFiles = {
  'tensorflow/libtensorflow_cc.so.2': 'not a library',
  'tensorflow/libtensorflow_framework.so.2': 'not a library',
  'tensorflow/include/tensorflow/c/c_api.h': '#error made for a test',
  'tensorflow/include/xla/tsl/c/tsl_status.h': '',
  'tensorflow/include/tensorflow/core/kernels/conv.h': '',
  'tensorflow/python/thing.so': '',
  'tensorflow/core/kernels/libtfkernel_sobol_op.so': '',
}

function makeWheel(files: Record<string, string>): string {
  const file = path.join(folder, 'tensorflow_cpu-2.99.0-cp311-none-any.whl')
  writeFileSync(file, makeZip(Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text) }))))
  return file
}

test('the kind of an archive is told by its name, in a URL too', () => {
  expect(archiveKind('a/tensorflow-2.18.1-cp311.whl')).toBe('wheel')
  expect(archiveKind('https://host/libtensorflow.tar.gz?token=1#x')).toBe('tar')
  expect(archiveKind('libtensorflow.zip')).toBe('zip')
  expect(archiveKind('libtensorflow.so')).toBeUndefined()
})

test('of a wheel only the libraries and the headers of the C interface are taken', async () => {
  const out = path.join(folder, 'wheel')
  await unpackLibrary(makeWheel(wheelFiles), out)
  const found = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(found.map(({ name }) => name).sort()).toEqual([
    'c_api.h',
    'libtensorflow_cc.so.2',
    'libtensorflow_framework.so.2',
    'tsl_status.h',
  ])
  expect(existsSync(path.join(out, 'lib', 'libtensorflow_cc.so.2'))).toBe(true)
  expect(existsSync(path.join(out, 'include', 'tensorflow', 'c', 'c_api.h'))).toBe(true)
})

test('a plain archive is unpacked as it is', async () => {
  const input = path.join(folder, 'plain')
  mkdirSync(path.join(input, 'lib'), { recursive: true })
  writeFileSync(path.join(input, 'lib', 'libtensorflow.so.2'), 'library')
  const archive = path.join(folder, 'libtensorflow.tar.gz')
  execFileSync('tar', ['-czf', archive, '-C', input, '.'])
  await unpackLibrary(archive, path.join(folder, 'plain-out'))
  expect(readFileSync(path.join(folder, 'plain-out', 'lib', 'libtensorflow.so.2'), 'utf8')).toBe('library')
})

test('a damaged plain archive is refused', async () => {
  const archive = path.join(folder, 'damaged.tar.gz')
  writeFileSync(archive, 'nothing')
  await expect(unpackLibrary(archive, path.join(folder, 'damaged'))).rejects.toThrow(
    /\[E_ENGINE_INSTALL\] damaged\.tar/,
  )
})

test.each([
  ['nowhere.whl', /\[E_ARGUMENT\].*not there/],
  ['library.so', /\[E_ARGUMENT\].*Expected: a file or URL that ends in \.whl/],
])('--from %s is wrong input', async (from, message) => {
  await expect(installTensorflow({ from: path.join(folder, from) })).rejects.toThrow(message)
})

test.each([
  ['http://example.org/a.whl', [], /\[E_ARGUMENT\].*not be encrypted.*Fix: use https/],
  [
    'https://example.org/a.whl',
    [],
    /\[E_ARGUMENT\] https.* is not downloaded: Tricklab knows no checksum.*Expected: --sha256/,
  ],
  ['https://example.org/a.whl', ['abc'], /\[E_ARGUMENT\] --sha256 names no SHA-256 checksum.*Received: "abc"/],
])('--from %s with the checksums %j fetches nothing', async (from, sha256, message) => {
  await expect(installTensorflow({ from, sha256 })).rejects.toThrow(message)
  expect(existsSync(path.join(folder, 'cache'))).toBe(false)
})

describe('a file from a server', () => {
  const wheel = readFileSync(makeWheel({ 'numpy/core.so': '' }))
  const digest = createHash('sha256').update(wheel).digest('hex')
  const server = createServer((_request, response) => response.end(wheel))
  const from = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/tensorflow-2.99.0-none-any.whl`

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => void server.close())

  test.skipIf(compiler === undefined)('with another checksum is not unpacked', async () => {
    const steps: InstallProgress['step'][] = []
    const other = 'f'.repeat(64)
    const installing = installTensorflow({
      from: from(),
      sha256: [other],
      onProgress: ({ step }) => steps.push(step),
    })
    await expect(installing).rejects.toThrow(
      new RegExp(`\\[E_ENGINE_INSTALL\\].*its SHA-256 differs\\. Expected: ${other}\\. Received: ${digest}\\.`),
    )
    expect(new Set(steps)).toEqual(new Set(['download']))
  })

  test.skipIf(compiler === undefined)('with one of the checksums given is unpacked', async () => {
    const installing = installTensorflow({ from: from(), sha256: ['f'.repeat(64), digest.toUpperCase()] })
    await expect(installing).rejects.toThrow(/holds no TensorFlow/)
  })
})

test.skipIf(compiler === undefined)('a file of this machine is held against a checksum that is given', async () => {
  const from = makeWheel({ 'numpy/core.so': '' })
  await expect(installTensorflow({ from, sha256: ['0'.repeat(64)] })).rejects.toThrow(/its SHA-256 differs/)
})

describe.skipIf(compiler === undefined || process.platform !== 'linux')('where the addon can be compiled', () => {
  test('a wheel of something else is refused', async () => {
    const from = makeWheel({ 'numpy/core.so': '' })
    await expect(installTensorflow({ from })).rejects.toThrow(/\[E_ENGINE_INSTALL\].*holds no TensorFlow/)
  })

  test('a wheel for another system is refused', async () => {
    const from = makeWheel({ 'tensorflow/libtensorflow_cc.2.dylib': 'x' })
    await expect(installTensorflow({ from })).rejects.toThrow(/does not hold TensorFlow's libraries for linux/)
  })

  test("the compiler's error is shown, an earlier installation stays, and nothing is left behind", async () => {
    mkdirSync(path.join(tensorflowFolder(), path.dirname(addonPath)), { recursive: true })
    writeFileSync(path.join(tensorflowFolder(), 'installed.json'), JSON.stringify({ version: '2.18.1' }))
    const steps: InstallProgress['step'][] = []
    await expect(
      installTensorflow({ from: makeWheel(wheelFiles), onProgress: ({ step }) => steps.push(step) }),
    ).rejects.toThrow(/\[E_ENGINE_INSTALL\].*does not compile against this library: .*#error made for a test/)
    expect(steps).toEqual(['unpack', 'compile'])
    expect(readdirSync(path.dirname(tensorflowFolder()))).toEqual([path.basename(tensorflowFolder())])
    expect((await findTensorflow())?.version).toBe('2.18.1')
  })

  test('what compiles but does not load is removed again, and the earlier installation comes back', async () => {
    mkdirSync(tensorflowFolder(), { recursive: true })
    writeFileSync(path.join(tensorflowFolder(), 'installed.json'), JSON.stringify({ version: '2.18.1' }))
    const fakeCompiler = path.join(folder, 'fake-compiler')
    writeFileSync(
      fakeCompiler,
      '#!/bin/sh\n[ "$1" = --version ] && exit\nfor last; do :; done\necho rubbish > "$last"\n',
      { mode: 0o755 },
    )
    vi.stubEnv('CXX', fakeCompiler)
    const installing = installTensorflow({ from: makeWheel(wheelFiles) })
    await expect(installing).rejects.toThrow(/\[E_ENGINE_INSTALL\].*removed again: .*installed but does not load/)
    vi.unstubAllEnvs()
    expect(readdirSync(path.dirname(tensorflowFolder()))).toEqual([path.basename(tensorflowFolder())])
    expect((await findTensorflow())?.version).toBe('2.18.1')
  })
})
