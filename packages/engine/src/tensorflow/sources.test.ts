import { expect, test } from 'vitest'
import { defaultSource } from './sources.ts'

const host = 'https://storage.googleapis.com/'

test('with a compiler the newer library is taken, and the addon is compiled', () => {
  expect(defaultSource('linux-x64', false, true, 8)).toEqual({
    url: `${host}tensorflow/versions/2.18.0/libtensorflow-cpu-linux-x86_64.tar.gz`,
    sha256: '605bfcb370c7e7ec981eabada880f60784e3de018395be95c95c3e5592c3d9a2',
  })
  expect(defaultSource('linux-x64', true, true, 8)?.url).toMatch(/2\.18\.0\/libtensorflow-gpu-linux-x86_64\.tar\.gz$/)
})

test('without one, the library that has a prebuilt addon', () => {
  expect(defaultSource('linux-x64', true, false, 8)).toEqual({
    url: `${host}tensorflow/libtensorflow/libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz`,
    sha256: '20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8',
    addon: { url: `${host}tf-builds/pre-built-binary/napi-v8/4.22.0/GPU-linux-4.22.0.tar.gz` },
  })
})

test.each([
  ['linux-arm64', false],
  ['darwin-arm64', true],
  ['freebsd-x64', false],
])('for %s with GPU %s there is none', (platform, gpu) => {
  expect(defaultSource(platform, gpu, true, 8)).toBeUndefined()
})

test.each([
  ['linux-x64', false, true],
  ['linux-x64', true, true],
  ['linux-x64', false, false],
  ['linux-x64', true, false],
  ['darwin-arm64', false, true],
  ['darwin-x64', false, false],
  ['win32-x64', false, false],
])('the library for %s, GPU %s, compiler %s has a checksum', (platform, gpu, compiler) => {
  expect(defaultSource(platform, gpu, compiler, 8)?.sha256).toMatch(/^[0-9a-f]{64}$/)
})
