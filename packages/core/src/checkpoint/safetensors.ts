/**
 * The safetensors format: 8-byte little-endian header length, JSON header padded to 8 bytes, then raw little-endian
 * data without gaps. https://huggingface.co/docs/safetensors
 */
import { createHash } from 'node:crypto'
import { fail } from '../errors/index.ts'
import { canonicalJson } from '../json.ts'

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

/** SHA-256 (hex) over the metadata and the tensors: what a file must still agree with when it is read. */
function hashContent(tensors: StoredTensors, metadata: { readonly [key: string]: string }): string {
  const { sha256: _own, ...rest } = metadata
  return createHash('sha256')
    .update(`${canonicalJson(rest)}\n${hashTensors(tensors)}`)
    .digest('hex')
}

/** The file as a list of chunks, so that no second copy of the data is made. `metadata` values are strings. */
export function encodeSafetensors(tensors: StoredTensors, metadata: { readonly [key: string]: string }): Uint8Array[] {
  let offset = 0
  const header: Record<string, unknown> = {
    __metadata__: { ...metadata, sha256: hashContent(tensors, metadata) },
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
 * Reads a whole file. One that Tricklab wrote holds a checksum over everything in it; a foreign one may lack it.
 * @param describe names the file in messages
 * @errors E_CHECKPOINT_CORRUPT when it is cut short, altered, or no safetensors file
 */
export function decodeSafetensors(
  file: Buffer,
  describe: string,
): { tensors: StoredTensors; metadata: { readonly [key: string]: string } } {
  const corrupt: Corrupt = (what, expected, received) =>
    fail('E_CHECKPOINT_CORRUPT', {
      what: `${describe} ${what}.`,
      expected,
      received,
      fix: 'delete the file and run again without --resume, or restore it from a copy.',
    })
  const { header, start } = readHeader(file, corrupt)
  const { __metadata__: metadata = {}, ...entries } = header
  if (!isStringRecord(metadata)) return corrupt('has a broken header', 'metadata of strings.', JSON.stringify(metadata))
  const tensors: Record<string, StoredTensor> = {}
  let end = start
  for (const [name, value] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = readEntry(name, value, corrupt)
    const [from, to] = offsets
    end = Math.max(end, start + to)
    if (start + to > file.length) {
      return corrupt('is cut short', `${start + to} bytes up to "${name}".`, `${file.length} bytes.`)
    }
    // A copy, because typed arrays must start at a multiple of their element size.
    const bytes = new Uint8Array(file.subarray(start + from, start + to))
    tensors[name] = { dtype: fromFile[dtype], shape, data: new arrays[dtype](bytes.buffer) }
  }
  if (end !== file.length)
    return corrupt('has bytes that belong to no tensor', `${end} bytes.`, `${file.length} bytes.`)
  if (metadata.sha256 !== undefined) {
    const found = hashContent(tensors, metadata)
    if (found !== metadata.sha256) return corrupt('was altered', `sha256 ${metadata.sha256}.`, `sha256 ${found}.`)
  }
  return { tensors, metadata }
}

type Corrupt = (what: string, expected: string, received: string) => never

function readHeader(file: Buffer, corrupt: Corrupt): { header: Record<string, unknown>; start: number } {
  if (file.length < 8) return corrupt('is cut short', 'at least 8 bytes.', `${file.length} bytes.`)
  const length = Number(file.readBigUInt64LE(0))
  if (length > file.length - 8) {
    return corrupt('is cut short', `a header of ${length} bytes.`, `${file.length - 8} bytes after the length.`)
  }
  let header: unknown
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + length))
  } catch (cause) {
    return corrupt('has a broken header', 'JSON.', cause instanceof Error ? cause.message : String(cause))
  }
  if (!isRecord(header)) return corrupt('has a broken header', 'a JSON object.', `${JSON.stringify(header)}.`)
  return { header, start: 8 + length }
}

function readEntry(name: string, value: unknown, corrupt: Corrupt): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  if (typeof dtype !== 'string' || !Object.hasOwn(arrays, dtype)) {
    return corrupt(`holds "${name}" as ${String(dtype)}`, 'F32, I32 or BOOL.', `${String(dtype)}.`)
  }
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0)
  if (!whole(shape) || !whole(offsets) || offsets.length !== 2) {
    return corrupt('has a broken header', `shape and data_offsets of "${name}".`, `${JSON.stringify(value)}.`)
  }
  const [from, to] = offsets as [number, number]
  const bytes = shape.reduce((product, length) => product * length, 1) * arrays[dtype as FileDtype].BYTES_PER_ELEMENT
  if (to - from !== bytes) {
    return corrupt(`holds "${name}" in another size than its shape`, `${bytes} bytes.`, `${to - from} bytes.`)
  }
  return { dtype: dtype as FileDtype, shape, data_offsets: [from, to] }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'string')
}

function sorted(tensors: StoredTensors): [string, StoredTensor][] {
  return Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))
}

function bytesOf(data: StoredTensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
