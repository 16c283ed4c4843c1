import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readIdx, writeIdx } from './idx.ts'

const arrays = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }).chain((dims) => {
  const length = dims.reduce((product, dim) => product * dim, 1)
  return fc.record({ dims: fc.constant(dims), values: fc.uint8Array({ minLength: length, maxLength: length }) })
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(arrays, ({ dims, values }) => {
      const read = readIdx(writeIdx({ dims, values }), dims.length, 'file')
      expect(read.dims).toEqual(dims)
      expect(Array.from(read.values)).toEqual(Array.from(values))
    }),
    { seed: 1 },
  )
})

test('the layout is the published one', () => {
  const bytes = writeIdx({ dims: [2, 1, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) })
  expect(Buffer.from(bytes).toString('hex')).toBe('00000803' + '00000002' + '00000001' + '00000003' + '010203040506')
})

test('a view into a larger buffer is read from its own start', () => {
  const inner = writeIdx({ dims: [2], values: Uint8Array.of(7, 8) })
  const outer = new Uint8Array(inner.length + 5)
  outer.set(inner, 5)
  expect(Array.from(readIdx(outer.subarray(5), 1, 'file').values)).toEqual([7, 8])
})

test('any cut or appended byte is noticed', () => {
  fc.assert(
    fc.property(arrays, fc.nat(), ({ dims, values }, at) => {
      const bytes = writeIdx({ dims, values })
      const cut = bytes.subarray(0, at % bytes.length)
      expect(() => readIdx(cut, dims.length, 'labels.gz')).toThrow('E_DATASET_CORRUPT')
      expect(() => readIdx(Uint8Array.of(...bytes, 0), dims.length, 'labels.gz')).toThrow('E_DATASET_CORRUPT')
    }),
    { seed: 1 },
  )
})

test('a wrong magic number names the file, the expected and the received one', () => {
  const labels = writeIdx({ dims: [4], values: new Uint8Array(4) })
  expect(() => readIdx(labels, 3, 'train-images')).toThrow(/too short/)
  const images = writeIdx({ dims: [1, 2, 2], values: new Uint8Array(4) })
  expect(() => readIdx(images, 1, '/data/train-labels')).toThrow(
    /\[E_DATASET_CORRUPT\] \/data\/train-labels .* 0x00000801\. Received: 0x00000803\./,
  )
})
