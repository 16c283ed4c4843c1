/**
 * The safetensors format: 8-byte little-endian header length, JSON header padded to 8 bytes, then raw little-endian
 * data without gaps. https://huggingface.co/docs/safetensors
 */
import { createHash } from 'node:crypto'
import { fail } from '../errors/index.ts'
import { canonicalJson } from '../json.ts'
import { duplicateKey } from './duplicate-key.ts'

export interface StoredTensor {
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

export type StoredTensors = { readonly [name: string]: StoredTensor }

const dtypes = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const

/** A library that reads more than this from a header is asked to fill its memory; the format's own limit. */
const longestHeader = 100_000_000

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

/** Where a tensor holds NaN or an infinity, as `NaN at 17`; undefined where it does not. */
export function describeNonFinite({ data }: StoredTensor): string | undefined {
  const index = data.findIndex((value) => !Number.isFinite(value))
  return index < 0 ? undefined : `${data[index]} at ${index}`
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
 * Reads a whole file. One that Tricklab wrote holds a checksum over everything in it; a foreign one may lack it. Halves,
 * bfloat16 and doubles become float32, 64-bit integers int32.
 * @param describe names the file in messages
 * @param fix what to do about a broken one
 * @errors E_CHECKPOINT_CORRUPT when it is cut short, altered, or no safetensors file
 */
export function decodeSafetensors(
  file: Buffer,
  describe: string,
  fix = 'delete the file and run again without --resume, or restore it from a copy.',
): { tensors: StoredTensors; metadata: { readonly [key: string]: string } } {
  const corrupt: Corrupt = (what, expected, received) =>
    fail('E_CHECKPOINT_CORRUPT', {
      what: `${describe} ${what}.`,
      expected,
      received,
      fix,
    })
  const { header, start } = readHeader(file, corrupt)
  const { __metadata__: metadata = {}, ...entries } = header
  if (!isStringRecord(metadata)) return corrupt('has a broken header', 'metadata of strings.', JSON.stringify(metadata))
  const tensors: Record<string, StoredTensor> = {}
  const read = Object.entries(entries).map(([name, value]) => ({ name, ...readEntry(name, value, corrupt) }))
  const end = checkPlaces(read, file.length - start, corrupt)
  for (const { name, dtype, shape, data_offsets: offsets } of read) {
    const [from, to] = offsets
    // A copy, because typed arrays must start at a multiple of their element size.
    const { buffer } = new Uint8Array(file.subarray(start + from, start + to))
    const tensor = fileDtypes[dtype].read(buffer)
    if (tensor === undefined) return corrupt(`holds "${name}" beyond the range of int32`, 'int32.', `${dtype}.`)
    tensors[name] = { ...tensor, shape }
  }
  if (start + end !== file.length)
    return corrupt('has bytes that belong to no tensor', `${start + end} bytes.`, `${file.length} bytes.`)
  if (metadata.sha256 !== undefined) {
    const found = hashContent(tensors, metadata)
    if (found !== metadata.sha256) return corrupt('was altered', `sha256 ${metadata.sha256}.`, `sha256 ${found}.`)
  }
  return { tensors, metadata }
}

type Corrupt = (what: string, expected: string, received: string) => never

type Content = Pick<StoredTensor, 'dtype' | 'data'>

/** The types of the format that we read, and what each becomes; undefined where a value does not fit. */
const fileDtypes = {
  F32: { bytes: 4, read: (buffer): Content => ({ dtype: 'float32', data: new Float32Array(buffer) }) },
  F64: {
    bytes: 8,
    read: (buffer): Content => ({ dtype: 'float32', data: Float32Array.from(new Float64Array(buffer)) }),
  },
  F16: {
    bytes: 2,
    read: (buffer): Content => ({ dtype: 'float32', data: Float32Array.from(new Uint16Array(buffer), halfOf) }),
  },
  BF16: {
    bytes: 2,
    // The upper half of a float32.
    read: (buffer): Content => ({
      dtype: 'float32',
      data: new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
    }),
  },
  I32: { bytes: 4, read: (buffer): Content => ({ dtype: 'int32', data: new Int32Array(buffer) }) },
  I64: {
    bytes: 8,
    read(buffer): Content | undefined {
      const values = Array.from(new BigInt64Array(buffer), Number)
      return values.every((value) => value === (value | 0))
        ? { dtype: 'int32', data: Int32Array.from(values) }
        : undefined
    },
  },
  BOOL: { bytes: 1, read: (buffer): Content => ({ dtype: 'bool', data: new Uint8Array(buffer) }) },
} as const satisfies Record<string, { bytes: number; read: (buffer: ArrayBuffer) => Content | undefined }>

type FileDtype = keyof typeof fileDtypes

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15)
}

/** Tensors must lie one behind the other, without a gap and without sharing bytes. Returns where the last one ends. */
function checkPlaces(
  entries: readonly (HeaderEntry & { name: string })[],
  available: number,
  corrupt: Corrupt,
): number {
  let end = 0
  for (const { name, data_offsets: offsets } of [...entries].sort(byPlace)) {
    const [from, to] = offsets
    if (to > available) return corrupt('is cut short', `${to} bytes of data up to "${name}".`, `${available} bytes.`)
    if (from !== end) {
      const what = from < end ? `holds "${name}" in the bytes of another tensor` : `has a gap before "${name}"`
      return corrupt(what, `data from byte ${end}.`, `data from byte ${from}.`)
    }
    end = to
  }
  return end
}

const byPlace = ({ data_offsets: a }: HeaderEntry, { data_offsets: b }: HeaderEntry) => a[0] - b[0] || a[1] - b[1]

function readHeader(file: Buffer, corrupt: Corrupt): { header: Record<string, unknown>; start: number } {
  if (file.length < 8) return corrupt('is cut short', 'at least 8 bytes.', `${file.length} bytes.`)
  const length = Number(file.readBigUInt64LE(0))
  if (length > longestHeader) {
    return corrupt('is no safetensors file', `a header of at most ${longestHeader} bytes.`, `${length} bytes.`)
  }
  if (length > file.length - 8) {
    return corrupt('is cut short', `a header of ${length} bytes.`, `${file.length - 8} bytes after the length.`)
  }
  let header: unknown
  const text = file.toString('utf8', 8, 8 + length)
  try {
    header = JSON.parse(text)
  } catch (cause) {
    return corrupt('has a broken header', 'JSON.', cause instanceof Error ? cause.message : String(cause))
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) return corrupt(`names "${twice}" twice`, 'every name once.', `"${twice}" twice.`)
  if (!isRecord(header)) return corrupt('has a broken header', 'a JSON object.', `${JSON.stringify(header)}.`)
  return { header, start: 8 + length }
}

function readEntry(name: string, value: unknown, corrupt: Corrupt): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  if (typeof dtype !== 'string' || !Object.hasOwn(fileDtypes, dtype)) {
    const known = Object.keys(fileDtypes).join(', ')
    return corrupt(`holds "${name}" as ${String(dtype)}`, `one of ${known}.`, `${String(dtype)}.`)
  }
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0)
  if (!whole(shape) || !whole(offsets) || offsets.length !== 2) {
    return corrupt('has a broken header', `shape and data_offsets of "${name}".`, `${JSON.stringify(value)}.`)
  }
  const [from, to] = offsets as [number, number]
  const bytes = shape.reduce((product, length) => product * length, 1) * fileDtypes[dtype as FileDtype].bytes
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
