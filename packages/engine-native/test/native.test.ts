import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const compiler = [process.env.CXX, 'c++', 'g++', 'clang++'].find(
  (name) => name !== undefined && spawnSync(name, ['--version']).status === 0,
)
const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-native-'))

afterAll(() => rmSync(folder, { recursive: true }))

const sourcesOf = (room: string) =>
  readdirSync(path.join(root, 'native', room))
    .filter((name) => name.endsWith('.cc') && name !== 'onednn.cc' && name !== 'choice.cc')
    .map((name) => path.join(root, 'native', room, name))

// The vectors that every x86-64 processor and every 64-bit arm has, next to those that this one has.
test.skipIf(compiler === undefined).each([[['-march=native']], [[]]])(
  'the kernels agree with plain loops when built with %j',
  (flags) => {
    const program = path.join(folder, 'conv_test')
    const sources = ['base', 'gemm', 'conv', 'depthwise', 'bf16', 'provider'].flatMap(sourcesOf)
    execFileSync(compiler!, [
      '-std=c++17', '-O2', ...flags, '-Wall', '-Wextra', '-Werror', '-Wshadow', '-pthread',
      `-I${path.join(root, 'native')}`, `-I${path.join(root, 'test/native')}`,
      ...sources, path.join(root, 'test/native/conv_test.cc'), '-o', program, '-ldl',
    ]) // biome-ignore format: one line an object
    const { stdout } = spawnSync(program, { encoding: 'utf8' })
    expect(stdout).toContain('checked, 0 failures')
  },
  240_000,
)

test.skipIf(compiler === undefined)(
  'the pool of threads keeps what it promises',
  () => {
    const program = path.join(folder, 'threads_test')
    execFileSync(compiler!, [
    '-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-pthread',
    `-I${path.join(root, 'native')}`,
    ...['native/base/threads.cc', 'native/base/waiting.cc', 'test/native/threads_test.cc'].map((file) => path.join(root, file)),
    '-o', program,
  ]) // biome-ignore format: one line an object
    const { stdout, signal } = spawnSync(program, { encoding: 'utf8', timeout: 60_000 })
    expect(signal).toBeNull()
    expect(stdout).toBe('threads checked, 0 failures\n')
  },
  240_000,
)
