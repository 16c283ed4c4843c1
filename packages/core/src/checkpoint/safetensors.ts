/**
 * The safetensors format: 8-byte little-endian header length, JSON header padded to 8 bytes, then raw little-endian
 * data without gaps. https://huggingface.co/docs/safetensors
 */
import { createHash } from 'node:crypto'
import { TricklabError } from '../errors/index.ts'

export interface StoredTensor {
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

export type StoredTensors = { readonly [name: string]: StoredTensor }

const dtypes = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const
const arrays = { F32: Float32Array, I32: Int32Array, BOOL: Uint8Array } as const
type FileDtype = keyof typeof arrays
const fromFile = { F32: 'float32', I32: 'int32', BOOL: 'bool' } as const

interface HeaderEntry {
  readonly dtype: FileDtype
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** SHA-256 (hex) over names, shapes and bytes in name order: equal hashes mean bit-identical tensors. */
export function hashTensors(tensors: StoredTensors): string {
  const hash = createHash('sha256')
  for (const [name, { dtype, shape, data }] of sorted(tensors)) {
    hash.update(`${name} ${dtype} ${shape.join('x')}\n`).update(bytesOf(data))
  }
  return hash.digest('hex')
}

/** The file as a list of chunks, so that no second copy of the data is made. `metadata` values are strings. */
export function encodeSafetensors(tensors: StoredTensors, metadata: { readonly [key: string]: string }): Uint8Array[] {
  let offset = 0
  const header: Record<string, unknown> = {
    __metadata__: { ...metadata, sha256: hashTensors(tensors) },
  }
  for (const [name, { dtype, shape, data }] of sorted(tensors)) {
    header[name] = { dtype: dtypes[dtype], shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ')
  text.copy(padded)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return [length, padded, ...sorted(tensors).map(([, tensor]) => bytesOf(tensor.data))]
}

/**
 * Reads a whole file.
 * @param describe names the file in messages
 * @errors E_CHECKPOINT_CORRUPT when it is cut short, altered, or no safetensors file
 */
export function decodeSafetensors(
  file: Buffer,
  describe: string,
): { tensors: StoredTensors; metadata: { readonly [key: string]: string } } {
  const corrupt = (what: string, expected: string, received: string) =>
    new TricklabError([
      {
        code: 'E_CHECKPOINT_CORRUPT',
        what: `${describe} ${what}.`,
        expected,
        received,
        fix: 'delete the file and run again without --resume, or restore it from a copy.',
      },
    ])
  if (file.length < 8) throw corrupt('is cut short', 'at least 8 bytes.', `${file.length} bytes.`)
  const headerLength = Number(file.readBigUInt64LE(0))
  if (headerLength > file.length - 8) {
    throw corrupt('is cut short', `a header of ${headerLength} bytes.`, `${file.length - 8} bytes after the length.`)
  }
  let header: Record<string, HeaderEntry> & { __metadata__?: { [key: string]: string } }
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + headerLength))
  } catch (cause) {
    throw corrupt('has a broken header', 'JSON.', cause instanceof Error ? cause.message : String(cause))
  }
  const { __metadata__: metadata = {}, ...entries } = header
  const start = 8 + headerLength
  const tensors: Record<string, StoredTensor> = {}
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    const TypedArray = arrays[dtype]
    if (TypedArray === undefined) throw corrupt(`holds "${name}" as ${dtype}`, 'F32, I32 or BOOL.', `${dtype}.`)
    const [from, to] = offsets
    const size = shape.reduce((product, length) => product * length, 1) * TypedArray.BYTES_PER_ELEMENT
    if (to - from !== size || start + to > file.length) {
      throw corrupt('is cut short', `${start + to} bytes up to "${name}".`, `${file.length} bytes.`)
    }
    // A copy, because typed arrays must start at a multiple of their element size.
    const bytes = new Uint8Array(file.subarray(start + from, start + to))
    tensors[name] = { dtype: fromFile[dtype], shape, data: new TypedArray(bytes.buffer) }
  }
  if (metadata.sha256 !== undefined && metadata.sha256 !== hashTensors(tensors)) {
    throw corrupt('was altered', `tensors with sha256 ${metadata.sha256}.`, `sha256 ${hashTensors(tensors)}.`)
  }
  return { tensors, metadata }
}

function sorted(tensors: StoredTensors): [string, StoredTensor][] {
  return Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))
}

function bytesOf(data: StoredTensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
