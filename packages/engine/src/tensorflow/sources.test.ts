import { expect, test } from 'vitest'
import { defaultSource } from './sources.ts'

const host = 'https://storage.googleapis.com/'

test('with a compiler the newer library is taken, and the addon is compiled', () => {
  expect(defaultSource('linux-x64', false, true, 8)).toEqual({
    url: `${host}tensorflow/versions/2.18.0/libtensorflow-cpu-linux-x86_64.tar.gz`,
  })
  expect(defaultSource('linux-x64', true, true, 8)?.url).toMatch(/2\.18\.0\/libtensorflow-gpu-linux-x86_64\.tar\.gz$/)
})

test('without one, the library that has a prebuilt addon', () => {
  expect(defaultSource('linux-x64', true, false, 8)).toEqual({
    url: `${host}tensorflow/libtensorflow/libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz`,
    addonUrl: `${host}tf-builds/pre-built-binary/napi-v8/4.22.0/GPU-linux-4.22.0.tar.gz`,
  })
})

test.each([
  ['linux-arm64', false],
  ['darwin-arm64', true],
  ['freebsd-x64', false],
])('for %s with GPU %s there is none', (platform, gpu) => {
  expect(defaultSource(platform, gpu, true, 8)).toBeUndefined()
})
