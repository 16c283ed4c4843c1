import { expect, test } from 'vitest'
import { adapterName, isSoftware } from './adapter.ts'

const info = (fields: Partial<GPUAdapterInfo>) =>
  ({ vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...fields }) as GPUAdapterInfo

test.each([
  [{ vendor: 'google', architecture: 'swiftshader', description: 'SwiftShader driver 5.0.0' }],
  [{ vendor: 'mesa', device: 'llvmpipe (LLVM 15.0.6, 256 bits)' }],
  [{ vendor: 'microsoft', description: 'Microsoft Basic Render Driver' }],
  [{ vendor: 'unknown', isFallbackAdapter: true }],
])('%o is software', (fields) => {
  expect(isSoftware(info(fields))).toBe(true)
})

test.each([
  [{ vendor: 'nvidia', architecture: 'hopper', description: 'NVIDIA: 570.86.10' }],
  [{ vendor: 'apple', architecture: 'metal-3' }],
  [{ vendor: 'intel', architecture: 'gen-12lp', device: 'Intel(R) Iris(R) Xe Graphics' }],
])('%o is hardware', (fields) => {
  expect(isSoftware(info(fields))).toBe(false)
})

test('an adapter is named by what it tells of itself', () => {
  expect(adapterName(info({ vendor: 'apple', architecture: 'metal-3' }))).toBe('apple metal-3')
  expect(adapterName(info({}))).toBe('unnamed adapter')
})
