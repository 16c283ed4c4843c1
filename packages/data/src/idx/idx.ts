import { fail } from '@tricklab/core'

/** Bytes of an IDX file with their dimensions, such as `[60000, 28, 28]`. */
export interface IdxArray {
  readonly dims: readonly number[]
  readonly values: Uint8Array
}

const unsignedByte = 0x08

/**
 * Reads an IDX file of unsigned bytes: two zero bytes, type 8, the number of dimensions, each dimension as a big-endian
 * 32-bit number, then the values. The values are a view of `bytes`, not a copy.
 * @param file name for messages
 * @errors E_DATASET_CORRUPT for a wrong magic number or length
 */
export function readIdx(bytes: Uint8Array, rank: number, file: string): IdxArray {
  const header = 4 + 4 * rank
  const magic = (unsignedByte << 8) | rank
  if (bytes.length < header) {
    fail('E_DATASET_CORRUPT', {
      what: `${file} is too short for an IDX file.`,
      expected: `a header of ${header} bytes.`,
      received: `${bytes.length} bytes.`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== magic) {
    fail('E_DATASET_CORRUPT', {
      what: `${file} is not an IDX file of unsigned bytes with ${rank} ${rank === 1 ? 'dimension' : 'dimensions'}.`,
      expected: `magic number ${hex(magic)}.`,
      received: `${hex(view.getUint32(0))}.`,
    })
  }
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const length = dims.reduce((product, dim) => product * dim, 1)
  if (bytes.length !== header + length) {
    fail('E_DATASET_CORRUPT', {
      what: `${file} has not as many bytes as its header says.`,
      expected: `${header} + ${dims.join(' × ')} = ${header + length} bytes.`,
      received: `${bytes.length} bytes.`,
    })
  }
  return { dims, values: bytes.subarray(header) }
}

/** Writes an IDX file of unsigned bytes. */
export function writeIdx({ dims, values }: IdxArray): Uint8Array {
  const header = 4 + 4 * dims.length
  const bytes = new Uint8Array(header + values.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, (unsignedByte << 8) | dims.length)
  dims.forEach((dim, axis) => {
    view.setUint32(4 + 4 * axis, dim)
  })
  bytes.set(values, header)
  return bytes
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
