import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRng, type Json, TricklabError } from '../index.ts'
import type { Snapshot } from '../loop/index.ts'
import * as tf from '../tf.ts'
import {
  type CheckpointIdentity,
  decodeSafetensors,
  encodeSafetensors,
  hashTensors,
  hashWeights,
  loadCheckpoint,
  type StoredTensor,
  saveCheckpoint,
  saveWeights,
  storeTensors,
} from './index.ts'

let folder = ''

beforeAll(async () => {
  await prepareEngine('cpu')
  folder = await mkdtemp(path.join(os.tmpdir(), 'tricklab-checkpoint-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const identity: CheckpointIdentity = { table: 't', row: 'r', recipeHash: 'abc', seed: 3, engine: 'cpu' }

function createSnapshot(): Snapshot {
  const stream = createRng(1).at('weights')
  const values = Float32Array.from({ length: 30 }, () => stream.normal())
  values.set([Number.NaN, Infinity, -0, 1e-45, 3.4e38])
  return {
    state: { position: { epoch: 1, index: 2, step: 7 }, note: 'ä "quoted" \u2028', sums: [0.1, 1e-300, -0.5] },
    tensors: {
      'model/z/weight': tf.tensor(values, [5, 6]),
      'model/a/counts': tf.tensor1d([1, -2, 2 ** 31 - 1], 'int32'),
      'model/flags': tf.tensor1d([true, false, true], 'bool'),
      'optimizer/empty': tf.zeros([0, 4]),
      'optimizer/scalar': tf.scalar(0.25),
    },
  }
}

async function problemOf(running: Promise<unknown> | (() => unknown)) {
  try {
    await (typeof running === 'function' ? running() : running)
  } catch (error) {
    if (error instanceof TricklabError) return error.problems[0]!
    throw error
  }
  return undefined
}

const bitsOf = ({ data }: StoredTensor) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
const stored = async (tensors: Snapshot['tensors']) => {
  const entries = Object.entries(await storeTensors(tensors))
  return Object.fromEntries(entries.map(([name, tensor]) => [name, [tensor.dtype, tensor.shape, bitsOf(tensor)]]))
}

test('a header that names a tensor twice is refused: a reader would take one of them without a word', async () => {
  const bias = { dtype: 'float32', shape: [1], data: Float32Array.of(1) } as const
  const header = JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } })
  const text = Buffer.from(header.replace('{', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = Buffer.concat([length, text, new Uint8Array(bias.data.buffer)])
  const problem = await problemOf(() => decodeSafetensors(file, 'It'))
  expect(problem).toMatchObject({ code: 'E_CHECKPOINT_CORRUPT', what: 'It names "a" twice.' })
})

describe('round trip', () => {
  test('a checkpoint comes back bit for bit', async () => {
    const file = path.join(folder, 'round.safetensors')
    const snapshot = createSnapshot()
    await saveCheckpoint(file, identity, snapshot)
    const loaded = (await loadCheckpoint(file, identity))!
    expect(loaded.state).toEqual(snapshot.state)
    expect(await stored(loaded.tensors)).toEqual(await stored(snapshot.tensors))
    expect(await readdir(folder)).toEqual(['round.safetensors'])
    tf.dispose([...Object.values(loaded.tensors), ...Object.values(snapshot.tensors)])
  })

  test('none is there: undefined', async () => {
    expect(await loadCheckpoint(path.join(folder, 'none.safetensors'), identity)).toBeUndefined()
  })

  test('weights are a plain safetensors file', async () => {
    const file = path.join(folder, 'weights.safetensors')
    const { tensors } = createSnapshot()
    await saveWeights(file, tensors, { table: 't' })
    const bytes = await readFile(file)
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    expect(length % 8).toBe(0)
    expect(Object.keys(header)).toEqual(['__metadata__', ...Object.keys(tensors).sort()])
    expect(header['model/z/weight']).toMatchObject({ dtype: 'F32', shape: [5, 6] })
    expect(header.__metadata__).toEqual({ table: 't', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const ends = Object.values(header).map((entry) => (entry as { data_offsets?: number[] }).data_offsets?.[1] ?? 0)
    expect(Math.max(...ends)).toBe(bytes.length - 8 - length)
    tf.dispose(Object.values(tensors))
  })

  test('any tensors, by property', () => {
    const tensor = fc.uint8Array({ maxLength: 24 }).map((bytes): StoredTensor => {
      const data = new Uint32Array(Math.floor(bytes.length / 4)).map((_, i) => bytes[i]! * 0x01010101)
      return { dtype: 'float32', shape: [data.length], data: new Float32Array(data.buffer) }
    })
    const prefixed = fc.string().map((name) => `model/${name}`)
    fc.assert(
      fc.property(fc.dictionary(prefixed, tensor), fc.dictionary(prefixed, fc.string()), (tensors, metadata) => {
        const decoded = decodeSafetensors(Buffer.concat(encodeSafetensors(tensors, metadata)), 'it')
        expect(hashTensors(decoded.tensors)).toBe(hashTensors(tensors))
        expect(decoded.metadata).toMatchObject(metadata)
      }),
      { seed: 1 },
    )
  })

  test('hashes tell names, shapes, types and bits apart, but not the order', async () => {
    const f32 = (values: number[], shape = [values.length]): StoredTensor => ({
      dtype: 'float32',
      shape,
      data: Float32Array.from(values),
    })
    const int32: StoredTensor = { dtype: 'int32', shape: [2], data: new Int32Array(2) }
    const sets = [
      { a: f32([0, 0]) },
      { b: f32([0, 0]) },
      { a: f32([0, 0], [1, 2]) },
      { a: f32([0, -0]) },
      { a: int32 },
      {},
    ]
    expect(new Set(sets.map((set) => hashTensors(set as never))).size).toBe(sets.length)
    expect(hashTensors({ a: f32([1]), b: f32([2]) })).toBe(hashTensors({ b: f32([2]), a: f32([1]) }))
    const weight = tf.tensor1d([1, 2])
    expect(await hashWeights({ weight })).toBe(hashTensors({ weight: f32([1, 2]) }))
    weight.dispose()
  })
})

describe('a damaged file', () => {
  const bytesOf = async () => {
    const { state, tensors } = createSnapshot()
    const metadata = { schema: '2', identity: JSON.stringify(identity), state: JSON.stringify(state) }
    const bytes = Buffer.concat(encodeSafetensors(await storeTensors(tensors), metadata))
    tf.dispose(Object.values(tensors))
    return bytes
  }
  const codeOf = async (bytes: Buffer) => {
    const file = path.join(folder, 'damaged.safetensors')
    await writeFile(file, bytes)
    const problem = await problemOf(async () => {
      const loaded = await loadCheckpoint(file, identity)
      tf.dispose(Object.values(loaded!.tensors))
    })
    return problem?.code
  }

  test('cut anywhere', async () => {
    const whole = await bytesOf()
    expect(await codeOf(whole)).toBeUndefined()
    const header = 8 + Number(whole.readBigUInt64LE(0))
    // The length field, the header, its end, the data, the last byte; then anywhere.
    for (const cut of [0, 1, 7, 8, 9, header - 1, header, header + 1, whole.length - 1]) {
      expect([cut, await codeOf(whole.subarray(0, cut))]).toEqual([cut, 'E_CHECKPOINT_CORRUPT'])
    }
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async (cut) => {
        expect(await codeOf(whole.subarray(0, cut))).toBe('E_CHECKPOINT_CORRUPT')
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  test('one bit or byte flipped anywhere', async () => {
    const whole = await bytesOf()
    const flip = fc.record({ place: fc.nat({ max: whole.length - 1 }), mask: fc.integer({ min: 1, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(flip, async ({ place, mask }) => {
        const damaged = Buffer.from(whole)
        damaged[place]! ^= mask
        const code = await codeOf(damaged)
        // White space may stand for white space; the content is then the same.
        const harmless = whole[place] === 0x20 && [0x09, 0x0a, 0x0d].includes(damaged[place]!)
        if (!harmless) expect([place, mask, code]).toEqual([place, mask, 'E_CHECKPOINT_CORRUPT'])
      }),
      { seed: 2, numRuns: 400 },
    )
  })

  test('bytes appended, or no checkpoint at all', async () => {
    const whole = await bytesOf()
    expect(await codeOf(Buffer.concat([whole, Buffer.from([0])]))).toBe('E_CHECKPOINT_CORRUPT')
    expect(await codeOf(Buffer.from('<html>404 not found</html>'))).toBe('E_CHECKPOINT_CORRUPT')
    expect(await codeOf(Buffer.concat(encodeSafetensors({}, { format: 'pt' })))).toBe('E_CHECKPOINT_CORRUPT')
  })

  const withHeader = (header: unknown, data = Buffer.alloc(0)) => {
    const text = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([length, text, data])
  }

  test.each([
    ['null', null],
    ['a list', []],
    ['metadata of numbers', { __metadata__: { a: 1 } }],
    ['an entry without a shape', { a: { dtype: 'F32', data_offsets: [0, 0] } }],
    ['an entry that is a number', { a: 3 }],
    ['an unknown type', { a: { dtype: 'F8_E4M3', shape: [0], data_offsets: [0, 0] } }],
    ['an inherited name as type', { a: { dtype: 'toString', shape: [0], data_offsets: [0, 0] } }],
    ['a negative size', { a: { dtype: 'F32', shape: [-1], data_offsets: [4, 0] } }],
    ['offsets before the data', { a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }],
    ['another size than the shape', { a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }],
    ['data beyond the end', { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }],
  ])('a header that is %s', async (_what, header) => {
    const problem = await problemOf(() => decodeSafetensors(withHeader(header), 'The file'))
    expect(problem?.code).toBe('E_CHECKPOINT_CORRUPT')
    expect(problem?.what).toMatch(/^The file /)
  })

  test('a foreign file without a checksum can be read as weights', () => {
    const bytes = withHeader(
      { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } },
      Buffer.from(Float32Array.of(5).buffer),
    )
    expect(decodeSafetensors(bytes, 'it').tensors.a!.data).toEqual(Float32Array.of(5))
  })

  test.each([
    [{ a: [0, 8], b: [4, 12] }, 'The file holds "b" in the bytes of another tensor.'],
    [{ a: [0, 8], b: [0, 8] }, 'The file holds "b" in the bytes of another tensor.'],
    [{ a: [0, 8], b: [12, 20] }, 'The file has a gap before "b".'],
    [{ a: [4, 12] }, 'The file has a gap before "a".'],
  ])('tensors at %j', async (places, what) => {
    const entries = Object.entries(places).map(([name, data_offsets]) => [
      name,
      { dtype: 'F32', shape: [2], data_offsets },
    ])
    const problem = await problemOf(() =>
      decodeSafetensors(withHeader(Object.fromEntries(entries), Buffer.alloc(20)), 'The file'),
    )
    expect(problem).toMatchObject({ code: 'E_CHECKPOINT_CORRUPT', what })
  })

  test('a header that is longer than any', async () => {
    const file = Buffer.alloc(64)
    file.writeBigUInt64LE(100_000_001n)
    const problem = await problemOf(() => decodeSafetensors(file, 'The file', 'fetch it again.'))
    expect(problem).toMatchObject({ what: 'The file is no safetensors file.', fix: 'fetch it again.' })
  })

  // Bit patterns by numpy: np.float16(x).tobytes(), and the upper half of np.float32(x).tobytes().
  test('halves, bfloat16, doubles and 64-bit integers of foreign files', async () => {
    const parts = {
      half: ['F16', Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0xfe00, 0x3555)],
      brain: ['BF16', Uint16Array.of(0x3f80, 0xc049, 0x0000, 0x7f80)],
      double: ['F64', Float64Array.of(0.1, -1e300)],
      count: ['I64', BigInt64Array.of(7n, -(2n ** 31n))],
    } as const
    let end = 0
    const header: Record<string, unknown> = {}
    for (const [name, [dtype, data]] of Object.entries(parts)) {
      header[name] = { dtype, shape: [data.length], data_offsets: [end, end + data.byteLength] }
      end += data.byteLength
    }
    const bytes = withHeader(header, Buffer.concat(Object.values(parts).map(([, data]) => Buffer.from(data.buffer))))
    const { tensors } = decodeSafetensors(bytes, 'it')
    expect(tensors.half!.data).toEqual(
      Float32Array.of(1, -2, 65504, 2 ** -24, -0, Infinity, Number.NaN, 0.333251953125),
    )
    expect(tensors.brain!.data).toEqual(Float32Array.of(1, -3.140625, 0, Infinity))
    expect(tensors.double!.data).toEqual(Float32Array.of(Math.fround(0.1), -Infinity))
    expect(tensors.count).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(7, -(2 ** 31)) })
    const beyond = withHeader(
      { a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
      Buffer.from(BigInt64Array.of(2n ** 31n).buffer),
    )
    expect((await problemOf(() => decodeSafetensors(beyond, 'it')))?.what).toBe(
      'it holds "a" beyond the range of int32.',
    )
  })

  test('a folder in its place', async () => {
    const place = path.join(folder, 'folder.safetensors')
    await mkdir(place)
    expect((await problemOf(loadCheckpoint(place, identity)))?.code).toBe('E_CHECKPOINT_CORRUPT')
  })
})

describe('a checkpoint of another run', () => {
  test.each([
    [{ row: 'other' }, 'row other.', 'row r.'],
    [{ recipeHash: 'def', seed: 4 }, 'recipeHash def, seed 4.', 'recipeHash abc, seed 3.'],
    [{ engine: 'wasm' }, 'engine wasm.', 'engine cpu.'],
    [{ table: 'u' }, 'table u.', 'table t.'],
  ])('%j', async (change, expected, received) => {
    const file = path.join(folder, 'mismatch.safetensors')
    const { state } = createSnapshot()
    await saveCheckpoint(file, identity, { state, tensors: {} })
    expect(await problemOf(loadCheckpoint(file, { ...identity, ...change }))).toMatchObject({
      code: 'E_CHECKPOINT_MISMATCH',
      expected,
      received,
    })
  })

  test('of another schema', async () => {
    const file = path.join(folder, 'schema.safetensors')
    const metadata = { schema: '99', identity: JSON.stringify(identity), state: 'null' }
    await writeFile(file, Buffer.concat(encodeSafetensors({}, metadata)))
    expect(await problemOf(loadCheckpoint(file, identity))).toMatchObject({
      code: 'E_CHECKPOINT_MISMATCH',
      expected: 'schema 2.',
      received: 'schema 99.',
    })
  })
})

describe('writing', () => {
  const state: Json = { a: 1 }

  test('into a folder that is not there is an error of its own', async () => {
    const file = path.join(folder, 'nowhere', 'f')
    const problem = await problemOf(saveCheckpoint(file, identity, { state, tensors: {} }))
    expect(problem?.code).toBe('E_CHECKPOINT_WRITE')
    expect(problem?.what).toContain(file)
  })

  test('over what cannot be replaced leaves it, and no temporary file', async () => {
    const own = await mkdtemp(path.join(folder, 'blocked-'))
    const file = path.join(own, 'f')
    // A folder that is not empty cannot be renamed over.
    await mkdir(path.join(file, 'inside'), { recursive: true })
    const problem = await problemOf(saveCheckpoint(file, identity, { state, tensors: {} }))
    expect(problem?.code).toBe('E_CHECKPOINT_WRITE')
    expect(await readdir(own)).toEqual(['f'])
    expect((await stat(file)).isDirectory()).toBe(true)
  })

  test('into a read-only folder leaves the old file', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write into read-only folders')
    const own = await mkdtemp(path.join(folder, 'read-only-'))
    const file = path.join(own, 'f')
    await saveCheckpoint(file, identity, { state, tensors: {} })
    await chmod(own, 0o500)
    const problem = await problemOf(saveCheckpoint(file, identity, { state: null, tensors: {} }))
    await chmod(own, 0o700)
    expect(problem?.code).toBe('E_CHECKPOINT_WRITE')
    expect((await loadCheckpoint(file, identity))?.state).toEqual(state)
  })
})
